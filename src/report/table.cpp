// Columns are as wide as their widest cell. Where that does not fit the terminal, the other columns keep up to a
// third of it each and are cut with an ellipsis, and the last one is wrapped into what is left.
#include "report/table.h"

#include <algorithm>

#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_last_column = 20;

std::string padding(std::size_t columns) { return std::string(columns, ' '); }

// The longest beginning of `text` that takes at most `columns`, on character boundaries.
std::size_t prefix_that_fits(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80) ++next;
    if (columns_of(text.substr(0, next)) > columns) break;
    end = next;
  }
  return end;
}

std::string cut_to(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  return text.substr(0, prefix_that_fits(text, columns - 1)) + "…";
}

std::vector<std::string> wrapped(const std::string& text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string_view rest = text;
  while (columns_of(rest) > columns) {
    std::size_t end = std::max<std::size_t>(prefix_that_fits(rest, columns), 1);
    const std::size_t blank = rest.substr(0, end + 1).rfind(' ');
    if (blank != std::string_view::npos && blank > 0) end = blank;
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  }
  lines.emplace_back(rest);
  return lines;
}

}  // namespace

std::string tinted(const std::string& text, Tint tint, const Style& style) {
  if (!style.color || text.empty()) return text;
  switch (tint) {
    case Tint::none:
      return text;
    case Tint::good:
      return "\x1b[32m" + text + "\x1b[0m";
    case Tint::warning:
      return "\x1b[33m" + text + "\x1b[0m";
    case Tint::bad:
      return "\x1b[31m" + text + "\x1b[0m";
    case Tint::faint:
      return "\x1b[2m" + text + "\x1b[0m";
  }
  return text;
}

std::string Table::print(const Style& style) const {
  const std::size_t count = columns_.size();
  std::vector<std::size_t> widths(count);
  for (std::size_t i = 0; i < count; ++i) {
    widths[i] = columns_of(columns_[i].title);
    for (const auto& row : rows_) widths[i] = std::max(widths[i], columns_of(row[i].text));
  }
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) before_last += widths[i] + gap;
  if (style.width && before_last + widths.back() > *style.width) {
    if (before_last + least_last_column > *style.width) {
      const std::size_t most = std::max<std::size_t>(*style.width / 4, 8);
      before_last = 0;
      for (std::size_t i = 0; i + 1 < count; ++i) {
        widths[i] = std::min(widths[i], most);
        before_last += widths[i] + gap;
      }
    }
    widths.back() = *style.width > before_last + least_last_column ? *style.width - before_last : least_last_column;
  }

  std::string out;
  const auto line = [&](const std::vector<Cell>& cells) {
    std::string blanks;
    for (std::size_t i = 0; i + 1 < count; ++i) {
      const std::string text = cut_to(cells[i].text, widths[i]);
      const std::string fill = padding(widths[i] - columns_of(text));
      out += blanks;
      out += columns_[i].right ? fill + tinted(text, cells[i].tint, style) : tinted(text, cells[i].tint, style);
      blanks = (columns_[i].right ? std::string() : fill) + padding(gap);
    }
    const auto lines = wrapped(cells.back().text, widths.back());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!lines[i].empty())
        out += (i == 0 ? blanks : padding(before_last)) + tinted(lines[i], cells.back().tint, style);
      out += '\n';
    }
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Tint::faint});
  line(titles);
  for (const auto& row : rows_) line(row);
  return out;
}

}  // namespace cbtctl::report
