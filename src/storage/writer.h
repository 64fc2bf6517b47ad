// Changing files below one root: the few ways in which cbtctl changes a datastore, each atomic and synced before it
// returns. Only the room repair may include this header (tests/architecture_test.cpp).
//
// Paths are relative to the root, with '/', never absolute, never with "..". No part of a path may be a symbolic link.
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

  // `usage` where it exists. Folders above it must exist.
  [[nodiscard]] virtual Status make_folder(const std::string& path) = 0;
  // A new file with the mode, and where it can be the owner, of `like` (empty: 0600); `usage` where it exists.
  [[nodiscard]] virtual Status create(const std::string& path, std::string_view bytes, const std::string& like) = 0;
  // The file's content at once: a new file beside it with its mode and owner takes its place.
  [[nodiscard]] virtual Status replace(const std::string& path, std::string_view bytes) = 0;
  // What a `replace` of this file that was stopped may have left beside it.
  virtual void remove_leftover(const std::string& path) = 0;
  // Never over an existing file.
  [[nodiscard]] virtual Status move(const std::string& from, const std::string& to) = 0;

  // Of what cbtctl made itself: copies, plans, locks, and for `purge`.
  [[nodiscard]] virtual Status remove_file(const std::string& path) = 0;
  [[nodiscard]] virtual Status remove_empty_folder(const std::string& path) = 0;
};

// `root` is an existing folder on this machine.
Result<std::unique_ptr<Writer>> open_local_writer(const std::string& root);

}  // namespace cbtctl::storage
