// Changing files below one root: the few ways in which cbtctl changes a datastore, each atomic. Only the room repair
// and the verbs that carry plans out may include this header (tests/architecture_test.cpp).
//
// Paths are relative to the root, with '/', never absolute, never with "..". No part of a path may be a symbolic link.
// What was done survives a power loss once `sync` has returned, and not before; until then any part of it may be lost.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/core/result.h"
#include "storage/reader.h"

namespace cbtctl::storage {

using formats::core::Status;

class Writer {
 public:
  virtual ~Writer() = default;

  [[nodiscard]] virtual Result<FileStatus> status(const std::string& path) = 0;  // `missing` where it is not there
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) = 0;   // a small file, whole
  [[nodiscard]] virtual Result<std::unique_ptr<ByteSource>> open(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;

  // `usage` where it exists. Folders above it must exist. The one way to take a lock.
  [[nodiscard]] virtual Status make_folder(const std::string& path) = 0;
  // A new file with the mode and the owner of `like` (empty: 0600, the caller's); `usage` where it exists, `denied`
  // where the owner cannot be kept. Nothing is left where it fails.
  [[nodiscard]] virtual Status create(const std::string& path, std::string_view bytes, const std::string& like) = 0;
  // The regular file `path` under a second name, or where the file system knows no second names a copy with its mode
  // and owner; `usage` where `as` exists.
  [[nodiscard]] virtual Status keep(const std::string& path, const std::string& as) = 0;
  // `from` takes the place of `over`, which must be a regular file, at once.
  [[nodiscard]] virtual Status replace(const std::string& from, const std::string& over) = 0;
  // Never over an existing file: `usage`.
  [[nodiscard]] virtual Status move(const std::string& from, const std::string& to) = 0;
  // Everything done so far lasts.
  [[nodiscard]] virtual Status sync() = 0;

  // Of what cbtctl made itself: copies, plans, locks, and for `purge`.
  [[nodiscard]] virtual Status remove_file(const std::string& path) = 0;
  [[nodiscard]] virtual Status remove_empty_folder(const std::string& path) = 0;
};

// `root` is an existing folder on this machine.
Result<std::unique_ptr<Writer>> open_local_writer(const std::string& root);

}  // namespace cbtctl::storage
