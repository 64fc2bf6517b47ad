// Changing files below one root: the few ways in which cbtctl changes a datastore, each atomic. Only the room repair
// and the verbs that carry plans out may include this header (tests/architecture_test.cpp).
//
// Paths are relative to the root, with '/', never absolute, never with "..". No part of a path may be a symbolic link.
// What was done survives a power loss once `sync` has returned, and not before; until then any part of it may be lost.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/core/result.h"
#include "storage/reader.h"

namespace cbtctl::storage {

using formats::core::Status;

inline constexpr std::size_t head_bytes = 512;  // what `Writer::head` gives

// A question that will be asked of a path.
struct Question {
  enum class Kind { status, content, digest, names, head };
  Kind kind = Kind::status;
  std::string path;
  friend auto operator<=>(const Question&, const Question&) = default;  // NOLINT(modernize-use-nullptr)
};

class Writer {
 public:
  virtual ~Writer() = default;

  [[nodiscard]] virtual Result<FileStatus> status(const std::string& path) = 0;   // `missing` where it is not there
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) = 0;    // a small file, whole
  [[nodiscard]] virtual Result<std::string> digest(const std::string& path) = 0;  // its SHA-256
  // The first `head_bytes` of a regular file of any size, or all of a shorter one.
  [[nodiscard]] virtual Result<std::string> head(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;

  // What will be asked next. A host answers all of it at once, as it is now, and these answers hold until something is
  // changed through this Writer, or it is called again; other Writers have nothing to gain.
  virtual void look_ahead(std::vector<Question>) {}            // NOLINT(performance-unnecessary-value-param)
  [[nodiscard]] virtual bool is_far() const { return false; }  // an answer costs a round trip

  // Between the two, changes may wait for each other and be done together, in their order; the first that fails ends
  // them, what was to follow is not done, and `end_batch` tells. A question makes those that wait be done first.
  virtual void begin_batch() {}
  [[nodiscard]] virtual Status end_batch() { return formats::core::success(); }

  // From now on nothing is changed where this file is not there any more: `in_use`. Empty: always. Who takes a dead
  // owner's lock over so stops what the owner's line to a host may still hold.
  virtual void only_while(const std::string& path) { static_cast<void>(path); }

  // `usage` where it exists. Folders above it must exist. The one way to take a lock.
  [[nodiscard]] virtual Status make_folder(const std::string& path) = 0;
  // The same, and well where it exists.
  [[nodiscard]] virtual Status ensure_folder(const std::string& path) {
    const Status made = make_folder(path);
    return made || made.error().kind == ErrorKind::usage ? formats::core::success() : made;
  }
  // A new file with the mode and the owner of `like` (empty: 0600, the caller's); `usage` where it exists, `denied`
  // where the owner cannot be kept. Nothing is left where it fails.
  [[nodiscard]] virtual Status create(const std::string& path, std::string_view bytes, const std::string& like) = 0;
  // The regular file `path` under a second name, or where the file system knows no second names a copy with its mode
  // and owner; `usage` where `as` exists. A copy is made as `as` + ".new", which a stop in the middle leaves.
  [[nodiscard]] virtual Status keep(const std::string& path, const std::string& as) = 0;
  // `from` takes the place of `over`, which must be a regular file, at once.
  [[nodiscard]] virtual Status replace(const std::string& from, const std::string& over) = 0;
  // Never over an existing file: `usage`.
  [[nodiscard]] virtual Status move(const std::string& from, const std::string& to) = 0;
  // Everything done so far lasts.
  [[nodiscard]] virtual Status sync() = 0;

  // Changes nothing: `changed` where the file's SHA-256 is another one.
  [[nodiscard]] virtual Status expect(const std::string& path, const std::string& sha256) {
    const auto found = digest(path);
    if (!found) return found.error();
    if (*found == sha256) return formats::core::success();
    return Error{ErrorKind::changed, path + ": does not read back as it was written"};
  }

  // Of what cbtctl made itself: copies, plans, locks, and for `purge`.
  [[nodiscard]] virtual Status remove_file(const std::string& path) = 0;
  [[nodiscard]] virtual Status remove_empty_folder(const std::string& path) = 0;
  // The same where it may be gone already, or stays because something is in it.
  virtual void try_remove_file(const std::string& path) { static_cast<void>(remove_file(path)); }
  virtual void try_remove_empty_folder(const std::string& path) { static_cast<void>(remove_empty_folder(path)); }
};

// `root` is an existing folder on this machine.
Result<std::unique_ptr<Writer>> open_local_writer(const std::string& root);

class SshReader;
// Of the folder that the reader reads, by the same connection; it needs the host's shell.
[[nodiscard]] std::unique_ptr<Writer> open_ssh_writer(std::shared_ptr<SshReader> host);

}  // namespace cbtctl::storage
