#include "storage/ssh_records.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "storage/local_file.h"

namespace cbtctl::storage {
namespace {

using formats::core::success;

constexpr std::string_view end_kind = "end ";
constexpr std::string_view last_frame = "/dev/null";

Error malformed(const char* message) { return {ErrorKind::malformed, message}; }

template <typename Number>
bool take_number(std::string_view& text, Number& value, int base = 10) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

EntryType type_of_mode(unsigned mode) {
  if (S_ISREG(mode)) return EntryType::file;
  if (S_ISDIR(mode)) return EntryType::folder;
  if (S_ISLNK(mode)) return EntryType::link;
  return EntryType::other;
}

// "name -> target" of GNU, "'name' -> 'target'" of BusyBox.
std::string target_of(std::string_view text, const std::string& name) {
  const std::string plain = name + " -> ";
  if (text.starts_with(plain)) return std::string(text.substr(plain.size()));
  const std::string quoted = "'" + name + "' -> '";
  if (!text.starts_with(quoted) || text.size() == quoted.size() || text.back() != '\'') return {};
  return std::string(text.substr(quoted.size(), text.size() - quoted.size() - 1));
}

}  // namespace

Status RecordSplitter::feed(std::string_view bytes, const Sink& sink) {
  if (ended_) {
    rest_ += bytes;
    return success();
  }
  buffer_ += bytes;
  for (;;) {
    const std::size_t mark = buffer_.find(mark_, searched_);
    if (mark == std::string::npos) break;
    const std::size_t next = mark + mark_.size();
    const std::string_view after = std::string_view(buffer_).substr(next, end_kind.size());
    const bool may_end = end_kind.starts_with(after);
    if (may_end && buffer_.find('\n', next) == std::string::npos) {
      searched_ = mark;  // the end mark is not whole yet
      return success();
    }
    std::string_view text = std::string_view(buffer_).substr(begin_, mark - begin_);
    if (!marked_ && !text.empty()) text.remove_prefix(1);
    const bool ends = may_end && after.size() == end_kind.size();
    if (marked_ && ends && text.ends_with('\n')) text.remove_suffix(1);
    const std::size_t blank = std::min(text.find_first_of(" \n"), text.size());
    const Record record =
        marked_ ? Record{text.substr(0, blank), text.substr(std::min(blank + 1, text.size()))} : Record{{}, text};
    const Status taken = sink(record);
    if (!taken) return taken.error();
    begin_ = searched_ = next;
    marked_ = true;
    if (ends) return take_end(std::string_view(buffer_).substr(next));
  }
  searched_ = std::max(begin_, buffer_.size() - std::min(buffer_.size(), mark_.size()));
  if (buffer_.size() - begin_ > most_bytes_) return malformed("the answer is longer than it can be");
  if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
  }
  return success();
}

// "end 0\n"; what follows belongs to the next answer.
Status RecordSplitter::take_end(std::string_view text) {
  text.remove_prefix(end_kind.size());
  int status = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), status);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (code != std::errc{} || !text.starts_with('\n')) return malformed("the end of the answer cannot be understood");
  ended_ = status;
  rest_ = text.substr(1);
  return success();
}

std::optional<NamedStatus> parse_status(std::string_view payload, std::string_view token) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  constexpr std::int64_t most_seconds = INT64_MAX / second_ns;
  NamedStatus found;
  unsigned mode = 0;
  std::uint64_t blocks = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;
  if (!take_number(payload, mode, 16) || !take_number(payload, found.status.size_bytes) ||
      !take_number(payload, blocks) || !take_number(payload, modified) || !take_number(payload, changed)) {
    return std::nullopt;
  }
  const std::size_t cut = payload.find(" " + std::string(token) + " ");
  const bool out_of_range = std::max(modified, changed) > most_seconds || std::min(modified, changed) < -most_seconds;
  if (cut == std::string_view::npos || blocks > UINT64_MAX / 512 || out_of_range) return std::nullopt;
  found.name = payload.substr(0, cut);
  found.status.type = type_of_mode(mode);
  found.status.allocated_bytes = blocks * 512;
  found.status.modified_ns = modified * second_ns;
  found.status.changed_ns = changed * second_ns;
  payload.remove_prefix(cut + token.size() + 2);
  std::uint64_t inode = 0;
  if (take_number(payload, inode)) found.status.inode = inode;
  if (found.status.type == EntryType::link) found.link_target = target_of(payload, found.name);
  return found;
}

std::optional<std::vector<std::optional<std::string_view>>> split_frames(std::string_view text,
                                                                         const std::vector<Frame>& expected) {
  std::vector<std::optional<std::string_view>> contents(expected.size());
  bool is_first = true;
  if (text.starts_with('\n')) text.remove_prefix(1);  // BusyBox: before the second file, though the first had nothing
  const auto header = [&](std::string_view name) {
    return (is_first ? "==> " : "\n==> ") + std::string(name) + " <==\n";
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string begin = header(expected[i].name);
    if (!text.starts_with(begin)) continue;  // it could not be read
    is_first = false;
    text.remove_prefix(begin.size());
    std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(expected[i].length_bytes, text.size()));
    const std::string end = header(last_frame);
    if (expected.size() == 1 && text.ends_with(end.substr(0, end.size() - 1))) length = text.size() - end.size() + 1;
    if (expected.size() == 1 && text.ends_with(end)) length = text.size() - end.size();
    contents[i] = text.substr(0, length);
    text.remove_prefix(length);
  }
  const std::string end = header(last_frame);
  if (text != end && text != std::string_view(end).substr(0, end.size() - 1)) return std::nullopt;
  return contents;
}

Error error_of_words(std::string_view words) {
  struct Meaning {
    std::string_view words;
    int number;
  };
  for (const Meaning& meaning :
       {Meaning{"No such file", ENOENT}, Meaning{"Not a directory", ENOTDIR}, Meaning{"Permission denied", EACCES},
        Meaning{"Operation not permitted", EPERM}, Meaning{"busy", EBUSY}, Meaning{"Invalid argument", EINVAL},
        Meaning{"temporarily unavailable", EBUSY}, Meaning{"Is a directory", EISDIR},
        Meaning{"symbolic links", ELOOP}}) {
    if (words.find(meaning.words) != std::string_view::npos) return error_of(meaning.number);
  }
  return {ErrorKind::unavailable, std::string(words)};
}

std::optional<Error> complaint_about(std::string_view errors, std::string_view name) {
  for (std::size_t at = errors.find(name); at != std::string_view::npos; at = errors.find(name, at + 1)) {
    std::string_view rest = errors.substr(at + name.size());
    if (!rest.starts_with(':') && !rest.starts_with('\'')) continue;  // another, longer name
    rest = rest.substr(0, rest.find('\n'));
    const std::size_t colon = rest.rfind(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view words = rest.substr(colon + 2);
    return error_of_words(words);
  }
  return std::nullopt;
}

}  // namespace cbtctl::storage
