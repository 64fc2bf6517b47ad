#include "repair/edits.h"

#include <algorithm>

namespace cbtctl::repair {
namespace {

using formats::text::Document;
using formats::text::equal_ignoring_case;
using formats::text::lower;

bool is_section_title(std::string_view line) {
  std::string words;
  for (const char c : lower(line)) {
    if (c != ' ' && c != '\t' && c != '#') words.push_back(c);
  }
  return words == "changetrackingfile";
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t") == std::string_view::npos; }

}  // namespace

void set_flag(Document& document, std::string_view key, bool value) {
  const std::string_view wanted = value ? "TRUE" : "FALSE";
  const formats::text::Entry* entry = document.find(key);
  if (entry == nullptr) {
    document.append(key, wanted);
  } else if (!equal_ignoring_case(entry->value, wanted)) {
    document.set_value(*entry, wanted);
  }
}

bool is_flag_on(const Document& document, std::string_view key) {
  const auto* entry = document.find(key);
  return entry != nullptr && formats::text::equal_ignoring_case(entry->value, "TRUE");
}

void remove_key(Document& document, std::string_view key) {
  while (const formats::text::Entry* entry = document.find(key)) document.remove_line(entry->line);
}

void keep_one(Document& document, std::string_view key, bool first) {
  for (auto all = document.find_all(key); all.size() > 1; all = document.find_all(key)) {
    document.remove_line(first ? all.back()->line : all.front()->line);
  }
}

// The line, its title and the blank line after it, as the writer of the section made them.
std::string remove_tracking(Document& document) {
  while (const formats::text::Entry* entry = document.find("changeTrackPath")) {
    const std::size_t number = entry->line_number;
    const auto line = entry->line;
    const auto other = [&](std::size_t wanted) -> const formats::text::OtherLine* {
      const auto& lines = document.other_lines();
      const auto found =
          std::find_if(lines.begin(), lines.end(), [&](const auto& each) { return each.line_number == wanted; });
      return found == lines.end() ? nullptr : &*found;
    };
    const auto* title = number > 1 ? other(number - 1) : nullptr;
    const auto* blank = other(number + 1);
    const bool has_title = title != nullptr && is_section_title(title->text);
    formats::core::ByteRange range = line;
    if (has_title) range = {title->line.offset_bytes, title->line.length_bytes + line.length_bytes};
    if (has_title && blank != nullptr && is_blank(blank->text)) range.length_bytes += blank->line.length_bytes;
    document.remove_line(range);
  }
  return "tracking section out, " + lower_version(document);
}

std::string lower_version(Document& document) {
  const formats::text::Entry* version = document.find("version");
  if (version == nullptr) return "there is no version";
  if (version->value != "3") return "version " + std::string(version->value) + " is left";
  document.set_value(*version, "1");
  return "version 3 back to 1";
}

}  // namespace cbtctl::repair
