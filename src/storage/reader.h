// Reading a place: a folder tree on this machine, on an ESXi host, or in memory. The interface is asynchronous:
// submit many requests, collect many replies. A Reader cannot change anything.
//
// Paths are relative to the place's root, with '/', never absolute, never with "..": such a path answers `outside`.
// "" is the root itself. Symbolic links are followed only where they stay beneath the root, never by `list`.
#pragma once

#include <algorithm>
#include <any>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/core/result.h"

namespace cbtctl::storage {

using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::core::Status;

enum class EntryType { file, folder, link, other };

struct FileStatus {
  EntryType type = EntryType::file;
  std::uint64_t size_bytes = 0;
  std::uint64_t allocated_bytes = 0;
  std::int64_t modified_ns = 0;        // since 1970
  std::int64_t changed_ns = 0;         // ctime
  std::optional<std::uint64_t> inode;  // SFTP does not tell it
};

struct Entry {
  std::string name;  // bytes as the file system holds them
  EntryType type = EntryType::other;
  std::string link_target;                  // of a link, as written
  std::optional<std::uint64_t> size_bytes;  // where listing told it for nothing, as hosts do, or a glance was for it
};

// Turns what was fetched into what it means, on one of the reader's workers: a pure function. An empty answer leaves
// the bytes to the caller.
struct Fetched;
using Decoder = std::any (*)(const Fetched& fetched, std::string_view path);

// The first `most_bytes` of a file, and with `with_status` what fstat says of it.
struct FetchRequest {
  std::string path;
  std::size_t most_bytes = 0;
  bool with_status = false;
  Decoder decoder = nullptr;
  std::optional<std::uint64_t> listed_bytes;  // what a listing told: a reader may go by it as long as it still holds
  std::size_t tail_bytes = 0;  // so many of the file's last bytes too, where the first did not reach the end
  bool often_empty = false;    // in a glance: its size is looked at first, which costs less than opening it
};
// What is wanted of a file of this name as soon as a listing shows it: no bytes, its size alone; nothing, not now. A
// pure function.
using Chooser = std::optional<FetchRequest> (*)(std::string_view name);

// The entries of one folder, without "." and "..".
struct ListRequest {
  std::string folder;
  bool goes_on = false;  // the folders below are asked for next: a host lists them all at once and waits for no request
  Chooser glance = nullptr;
};
// Type, size and times of one file, without opening it. A link answers for itself.
struct StatusRequest {
  std::string path;
};
using Request = std::variant<ListRequest, FetchRequest, StatusRequest>;

// The file or folder that is asked for.
[[nodiscard]] inline const std::string& path_of(const Request& request) {
  const auto* list = std::get_if<ListRequest>(&request);
  if (list != nullptr) return list->folder;
  const auto* fetch = std::get_if<FetchRequest>(&request);
  return fetch != nullptr ? fetch->path : std::get<StatusRequest>(request).path;
}

struct Fetched {
  std::vector<std::byte> bytes;
  std::uint64_t bytes_read = 0;
  bool whole = false;  // the file has no byte beyond those read
  std::optional<FileStatus> status;
  std::vector<std::byte> tail;
  std::any decoded;  // what the decoder made of the bytes, which are dropped then
  void decode(const FetchRequest& request);
};
// What a glance at one of a listing's files gave.
struct Glimpse {
  std::size_t entry = 0;
  Fetched fetched;
};
struct Listing {
  std::vector<Entry> entries;       // by name
  std::optional<Error> incomplete;  // some entries could not be had
  // By entry, and not many. A file is left out that could not be had so or of which more is needed, and so are all by a
  // reader to which they are no cheaper together: who asked asks for it by its path.
  std::vector<Glimpse> glimpses;
  void sort();
};
using Answer = std::variant<Listing, Fetched, FileStatus>;  // the kind that the request asks for

struct Submission {
  std::uint64_t tag = 0;  // the caller's own; comes back with the reply
  Request request;
};
struct Reply {
  std::uint64_t tag = 0;
  Result<Answer> answer;
};

inline void Fetched::decode(const FetchRequest& request) {
  bytes_read = bytes.size();
  if (request.decoder == nullptr) return;
  decoded = request.decoder(*this, request.path);
  if (decoded.has_value()) bytes = std::vector<std::byte>();  // `{}` would keep its memory
}

inline void Listing::sort() {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
}

// The answer where a listing told that the file is empty: it need not be asked for.
[[nodiscard]] inline Fetched nothing_of(const FetchRequest& request) {
  Fetched fetched;
  fetched.whole = true;
  fetched.decode(request);
  return fetched;
}

class Reader {
 public:
  virtual ~Reader() = default;

  // Queues the requests; never waits for them.
  virtual void submit(std::vector<Submission> submissions) = 0;

  // Waits until at least one reply is there and returns all that are; empty only when nothing is outstanding.
  [[nodiscard]] virtual std::vector<Reply> collect() = 0;

  // Why nothing can be read here any more: the connection is lost. What was asked since has that for its answer.
  [[nodiscard]] virtual std::optional<Error> failure() { return std::nullopt; }

  // Random access to one file, for deep reads. The source may outlive neither the Reader nor the file.
  [[nodiscard]] virtual Result<std::unique_ptr<ByteSource>> open(const std::string& path) = 0;
};

}  // namespace cbtctl::storage
