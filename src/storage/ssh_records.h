// What the scripts of ssh_script.h print, taken apart: pure functions over hostile bytes. A record begins with
// "\nTOKEN KIND"; the token is random, made anew for each connection, so that no name and no content can hold one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/reader.h"

namespace cbtctl::storage {

struct Record {
  std::string_view kind;     // "s", "h", ...; empty: what stood before the first token
  std::string_view payload;  // without the blank after the kind
};

// Cuts a stream, as it comes, into records.
class RecordSplitter {
 public:
  using Sink = std::function<Status(const Record&)>;

  // A record longer than `most_bytes` is an error.
  RecordSplitter(const std::string& token, std::size_t most_bytes)
      : mark_("\n" + token + " "), most_bytes_(most_bytes) {}

  // Hands on each record that is whole. `malformed`: a record is too long, or the end mark cannot be understood.
  [[nodiscard]] Status feed(std::string_view bytes, const Sink& sink);

  // The status of the end mark, once it has come.
  [[nodiscard]] const std::optional<int>& ended() const { return ended_; }
  // What came behind the end mark.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  [[nodiscard]] Status take_end(std::string_view text);

  std::string mark_;
  std::size_t most_bytes_;
  std::string buffer_ = "\n";  // as if a line had ended before
  std::size_t begin_ = 0;      // of the record that is not whole yet
  std::size_t searched_ = 0;   // no mark begins before
  bool marked_ = false;        // that record has a mark before it
  std::optional<int> ended_;
  std::string rest_;
};

struct NamedStatus {
  std::string name;  // as the script was told, or as it found it
  FileStatus status;
  std::string link_target;  // of a link; empty where the host's stat does not tell
};
// The payload of an "s". Nothing where it is none.
[[nodiscard]] std::optional<NamedStatus> parse_status(std::string_view payload, std::string_view token);

struct Frame {
  std::string name;
  std::uint64_t length_bytes = 0;
};
// What `head` or `tail` printed for several files and, last, /dev/null: per file its bytes, nothing where it has none.
// Nothing at all where names and lengths do not fill the text to its last byte: a file has changed meanwhile. Of a
// single file any length is taken.
[[nodiscard]] std::optional<std::vector<std::optional<std::string_view>>> split_frames(
    std::string_view text, const std::vector<Frame>& expected);

// What a program says of a file on standard error: "head: ./a: Permission denied". Nothing where it says nothing of it.
[[nodiscard]] std::optional<Error> complaint_about(std::string_view errors, std::string_view name);

// The same error that the errno of these English words is on this machine.
[[nodiscard]] Error error_of_words(std::string_view words);

}  // namespace cbtctl::storage
