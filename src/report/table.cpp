// Columns are as wide as their widest cell. Where that does not fit the terminal, the last one is wrapped into what the
// others leave; where that is too little to read, it goes below its row, and the widest of the others are cut with an
// ellipsis until the row fits.
#include "report/table.h"

#include <algorithm>

#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_last_column = 20;
constexpr std::size_t least_column = 4;
constexpr std::size_t indent_below = 4;

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

void append_tinted(const std::string& text, Tint tint, const Style& style, std::string& out) {
  if (style.color) {
    out += tinted(text, tint, style);
  } else {
    out += text;
  }
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
  const Layout layout = lay_out(style);
  std::string out;
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Tint::faint});
  print_row(titles, layout, style, out);
  for (const auto& row : rows_) print_row(row, layout, style, out);
  return out;
}

Table::Layout Table::lay_out(const Style& style) const {
  Layout layout;
  layout.widths.resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    layout.widths[i] = columns_of(columns_[i].title);
    for (const auto& row : rows_) layout.widths[i] = std::max(layout.widths[i], columns_of(row[i].text));
  }
  const std::size_t last = columns_.size() - 1;
  for (std::size_t i = 0; i < last; ++i) layout.before_last += layout.widths[i] + gap;
  if (!style.width || layout.before_last + layout.widths[last] <= *style.width) return layout;
  const std::size_t width = std::max(*style.width, least_last_column + indent_below);
  layout.last_below = layout.before_last + least_last_column > width;
  if (!layout.last_below) {
    layout.widths[last] = width - layout.before_last;
    return layout;
  }
  layout.widths[last] = width - indent_below;
  while (layout.before_last > width + gap) {
    const auto widest = std::max_element(layout.widths.begin(), layout.widths.end() - 1);
    if (*widest <= least_column) break;
    --*widest;
    --layout.before_last;
  }
  layout.before_last = indent_below;
  return layout;
}

void Table::print_row(const std::vector<Cell>& cells, const Layout& layout, const Style& style,
                      std::string& out) const {
  std::size_t blanks = 0;  // not yet written: none stand at the end of a line
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
    std::size_t columns = columns_of(cells[i].text);
    std::string cut;
    if (columns > layout.widths[i]) {
      cut = cut_to(cells[i].text, layout.widths[i]);
      columns = columns_of(cut);
    }
    const std::size_t fill = layout.widths[i] - columns;
    out.append(blanks + (columns_[i].right ? fill : 0), ' ');
    append_tinted(cut.empty() ? cells[i].text : cut, cells[i].tint, style, out);
    blanks = (columns_[i].right ? 0 : fill) + gap;
  }
  const Cell& last = cells.back();
  if (layout.last_below) {
    out += '\n';
    blanks = layout.before_last;
    if (last.text.empty()) return;
  }
  for (const std::string& line : wrapped(last.text, layout.widths.back())) {
    if (!line.empty()) append_tinted(line, last.tint, style, out.append(blanks, ' '));
    out += '\n';
    blanks = layout.before_last;
  }
}

}  // namespace cbtctl::report
