// A lossless `key = value` document: .vmx, .vmsd and the vmdk descriptor share this grammar.
//
// The document owns the bytes of the file and an index into them; `encode(decode(x)) == x` for every x. An edit
// replaces the bytes of one value (or adds or removes one line) and touches nothing else: comments, order, line
// ends, odd case, broken lines and encoding stay.
//
// Grammar (open-vm-tools lib/dict/dictll.c, reference/esxi-facts.md section 4):
//   <ws> name <ws> = <ws> value <ws> [# comment]      ws = space or tab
//   value: unquoted, ends at space, tab or '#'; or "anything without a double quote"
// Every value undoes `|XX`. Lines end with LF, CRLF or a lone CR. A line that does not fit is kept, and is no entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/core/ascii.h"
#include "formats/core/byte_source.h"

namespace formats::text {

// Views stay valid until the document is edited or ends.
struct Entry {
  std::string_view key;    // as written
  std::string_view value;  // unescaped; bytes in the file's own encoding
  bool quoted = false;
  core::ByteRange line;         // with its line end
  core::ByteRange raw_value;    // in the file: between the quotes, or the bare word
  std::size_t line_number = 0;  // from 1
};

// A line that is no entry: blank, comment, extent description, or broken.
struct OtherLine {
  std::string_view text;  // without its line end, blanks kept
  core::ByteRange line;
  std::size_t line_number = 0;
};

class Document {
 public:
  Document() = default;

  // Any bytes decode. A UTF-8 byte order mark is kept and belongs to no line.
  [[nodiscard]] static Document decode(std::string bytes);
  [[nodiscard]] const std::string& encode() const { return *bytes_; }

  // In the order of the file, duplicates included.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] const std::vector<OtherLine>& other_lines() const { return other_lines_; }

  // The first entry whose key is equal but for ASCII case.
  [[nodiscard]] const Entry* find(std::string_view key) const;
  [[nodiscard]] std::optional<std::string> value(std::string_view key) const;
  [[nodiscard]] std::vector<const Entry*> find_all(std::string_view key) const;

  // The `.encoding` (or a descriptor's `encoding`) value; "UTF-8" where there is none.
  [[nodiscard]] std::string encoding() const;
  [[nodiscard]] bool states_encoding() const;

  // Edits. Each re-indexes the document. Values are escaped as VMware's writer does (`"`, `|`, control characters but
  // TAB, 0x7F); a bare value stays bare where the new one can be, else it gains quotes.
  void set_value(const Entry& entry, std::string_view value);
  void append(std::string_view key, std::string_view value);  // `key = "value"`, the file's own line end, a last
                                                              // newline added before it where it was missing
  void remove_line(core::ByteRange line);

  // "\n", "\r\n" or "\r": what most lines end with; "\n" for a document without lines.
  [[nodiscard]] std::string_view line_end() const;

 private:
  void index();

  std::unique_ptr<std::string> bytes_ = std::make_unique<std::string>();  // at one address: entries look into it
  std::vector<std::unique_ptr<std::string>> unescaped_;                   // the few values that had a `|XX`
  std::vector<Entry> entries_;
  std::vector<OtherLine> other_lines_;
};

using core::equal_ignoring_case;
using core::folded;
using core::lower;
[[nodiscard]] std::uint64_t hash_ignoring_case(std::string_view text);

// "holds zero bytes" where the NUL bytes follow each other to the end, "is binary" where others are between or behind
// them; nullopt where there is none: it may be a text.
[[nodiscard]] std::optional<std::string> why_no_text(std::string_view bytes);
// Whether the last line lacks its end and stops inside a key or a quoted value: the file was cut.
[[nodiscard]] bool is_cut(const Document& document);

[[nodiscard]] std::string unescape(std::string_view raw);
[[nodiscard]] std::string escape(std::string_view value);

// `bytes` of the named encoding (UTF-8, windows-1252, GBK, Shift_JIS, ...; as iconv knows it) as UTF-8; nothing
// where the encoding is unknown or the bytes are not of it.
[[nodiscard]] std::optional<std::string> to_utf8(std::string_view bytes, const std::string& encoding);

}  // namespace formats::text
