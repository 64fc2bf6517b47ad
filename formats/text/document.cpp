// The index is one pass over the bytes: a line at a time, each either an entry or kept as it is. Edits splice the
// bytes and index again; files of this kind are small.
#include "formats/text/document.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "formats/core/fnv.h"

namespace formats::text {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Which bytes end a name, and which a bare value: a line is looked at byte by byte, and most bytes end neither.
constexpr std::array<bool, 256> ends(std::string_view characters) {
  std::array<bool, 256> table{};
  for (const char c : characters) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto ends_name = ends(" \t#=");
constexpr auto ends_bare_value = ends(" \t#");

std::size_t end_of_word(std::string_view line, std::size_t at, const std::array<bool, 256>& end) {
  while (at < line.size() && !end[static_cast<unsigned char>(line[at])]) ++at;
  return at;
}

std::size_t skip_blanks(std::string_view line, std::size_t at) {
  while (at < line.size() && is_blank(line[at])) ++at;
  return at;
}

// Positions within one line, without its line end.
struct Parts {
  std::size_t key_begin = 0, key_end = 0;
  std::size_t value_begin = 0, value_end = 0;
  bool quoted = false;
};

// <ws> name <ws> = <ws> value <ws> [# comment]. What follows a value and is neither blank nor a comment makes the line
// none of ours, as in dictll.c.
std::optional<Parts> parts_of(std::string_view line) {
  Parts parts;
  parts.key_begin = skip_blanks(line, 0);
  parts.key_end = end_of_word(line, parts.key_begin, ends_name);
  std::size_t at = skip_blanks(line, parts.key_end);
  if (parts.key_end == parts.key_begin || at >= line.size() || line[at] != '=') return std::nullopt;
  at = skip_blanks(line, at + 1);
  parts.quoted = at < line.size() && line[at] == '"';
  if (parts.quoted) {
    parts.value_begin = at + 1;
    parts.value_end = line.find('"', parts.value_begin);
    if (parts.value_end == std::string_view::npos) return std::nullopt;
    at = parts.value_end + 1;
  } else {
    parts.value_begin = at;
    at = parts.value_end = end_of_word(line, at, ends_bare_value);
  }
  at = skip_blanks(line, at);
  if (at < line.size() && line[at] != '#') return std::nullopt;
  return parts;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool can_stay_bare(std::string_view escaped) {
  return !escaped.empty() && escaped.find_first_of(" \t#\"") == std::string_view::npos;
}

// The end of the line that begins at `at`. Most files hold no CR, which is told once.
std::size_t end_of_line(std::string_view all, std::size_t at, bool has_returns) {
  std::size_t end = std::min(all.find('\n', at), all.size());
  if (has_returns) end = std::min(all.substr(0, end).find('\r', at), end);
  return end;
}

}  // namespace

Document Document::decode(std::string bytes) {
  Document document;
  *document.bytes_ = std::move(bytes);
  document.index();
  return document;
}

void Document::index() {
  unescaped_.clear();
  entries_.clear();
  other_lines_.clear();
  const std::string_view all = *bytes_;
  const bool has_returns = all.find('\r') != std::string_view::npos;
  const bool has_escapes = all.find('|') != std::string_view::npos;
  entries_.reserve(all.size() / 32);
  std::size_t number = 0;
  for (std::size_t at = all.starts_with(byte_order_mark) ? byte_order_mark.size() : 0; at < all.size();) {
    const std::size_t end = end_of_line(all, at, has_returns);
    std::size_t next = std::min(end + 1, all.size());
    if (next < all.size() && all[end] == '\r' && all[next] == '\n') ++next;
    const std::string_view line = all.substr(at, end - at);
    const core::ByteRange range{at, next - at};
    ++number;
    if (const auto parts = parts_of(line)) {
      std::string_view value = line.substr(parts->value_begin, parts->value_end - parts->value_begin);
      const core::ByteRange raw{at + parts->value_begin, value.size()};
      if (has_escapes && value.find('|') != std::string_view::npos) {
        unescaped_.push_back(std::make_unique<std::string>(unescape(value)));
        value = *unescaped_.back();
      }
      const std::string_view key = line.substr(parts->key_begin, parts->key_end - parts->key_begin);
      entries_.push_back({key, value, parts->quoted, range, raw, number});
    } else {
      other_lines_.push_back({line, range, number});
    }
    at = next;
  }
}

const Entry* Document::find(std::string_view key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return equal_ignoring_case(entry.key, key); });
  return found == entries_.end() ? nullptr : &*found;
}

std::optional<std::string> Document::value(std::string_view key) const {
  const Entry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  return std::string(entry->value);
}

std::vector<const Entry*> Document::find_all(std::string_view key) const {
  std::vector<const Entry*> found;
  for (const Entry& entry : entries_) {
    if (equal_ignoring_case(entry.key, key)) found.push_back(&entry);
  }
  return found;
}

std::string Document::encoding() const {
  const Entry* entry = find(".encoding");
  if (entry == nullptr) entry = find("encoding");
  return entry == nullptr ? "UTF-8" : std::string(entry->value);
}

bool Document::states_encoding() const { return find(".encoding") != nullptr || find("encoding") != nullptr; }

void Document::set_value(const Entry& entry, std::string_view value) {
  std::string text = escape(value);
  if (!entry.quoted && !can_stay_bare(text)) text = '"' + text + '"';
  bytes_->replace(static_cast<std::size_t>(entry.raw_value.offset_bytes),
                  static_cast<std::size_t>(entry.raw_value.length_bytes), text);
  index();
}

void Document::append(std::string_view key, std::string_view value) {
  const std::string end(line_end());
  const bool has_text = !bytes_->empty() && *bytes_ != byte_order_mark;
  if (has_text && bytes_->back() != '\n' && bytes_->back() != '\r') *bytes_ += end;
  *bytes_ += std::string(key) + " = \"" + escape(value) + '"' + end;
  index();
}

void Document::remove_line(core::ByteRange line) {
  bytes_->erase(static_cast<std::size_t>(line.offset_bytes), static_cast<std::size_t>(line.length_bytes));
  index();
}

std::string_view Document::line_end() const {
  constexpr std::array<std::string_view, 3> ends{"\n", "\r\n", "\r"};
  std::array<std::size_t, 3> counts{};
  const std::string& all = *bytes_;
  for (std::size_t at = all.find_first_of("\r\n"); at != std::string::npos; at = all.find_first_of("\r\n", at)) {
    const bool pair = all[at] == '\r' && at + 1 < all.size() && all[at + 1] == '\n';
    ++counts[pair ? 1 : all[at] == '\r' ? 2 : 0];
    at += pair ? 2 : 1;
  }
  return ends[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

// After FNV-1a, 8 bytes at a step; the last step of a longer text takes its last 8 bytes, some of them again.
std::uint64_t hash_ignoring_case(std::string_view text) {
  std::uint64_t hash = core::Fnv<std::uint64_t>::basis ^ text.size();
  const auto step = [&](std::uint64_t word) {
    hash = core::fnv1a_step(hash, core::lower_of_eight(word));
    hash ^= hash >> 32;
  };
  std::uint64_t word = 0;
  if (text.size() < sizeof word) {
    for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
    step(word);
    return hash;
  }
  for (std::size_t at = 0; at + sizeof word < text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    step(word);
  }
  std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
  step(word);
  return hash;
}

std::string unescape(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const int high = raw[i] == '|' && i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(raw[i + 2]) : -1;
    if (low < 0) {
      out.push_back(raw[i]);
      continue;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::string escape(std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = c != '"' && c != '|' && byte != 0x7F && (byte >= 0x20 || c == '\t');
    if (plain) {
      out.push_back(c);
    } else {
      out += {'|', digits[byte >> 4], digits[byte & 0xF]};
    }
  }
  return out;
}

std::optional<std::string> why_no_text(std::string_view bytes) {
  const std::size_t first = bytes.find('\0');
  if (first == std::string_view::npos) return std::nullopt;
  const bool only_zeros = bytes.find_first_not_of('\0', first) == std::string_view::npos;
  return only_zeros ? "holds zero bytes" : "is binary";
}

bool is_cut(const Document& document) {
  const std::string& bytes = document.encode();
  if (bytes.ends_with('\n') || bytes.ends_with('\r')) return false;
  const auto is_last = [&](const auto& lines) {
    return !lines.empty() && lines.back().line.offset_bytes + lines.back().line.length_bytes == bytes.size();
  };
  if (is_last(document.entries())) return bytes.ends_with('=') || bytes.ends_with("= ");
  if (!is_last(document.other_lines())) return false;
  const std::string_view last = document.other_lines().back().text;
  const std::size_t begin = last.find_first_not_of(" \t");
  return begin != std::string_view::npos && last[begin] != '#';
}

}  // namespace formats::text
