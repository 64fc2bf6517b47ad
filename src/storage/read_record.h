// What was read of which files, for documents that tell where their facts are from. Kept only where it is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "formats/core/byte_source.h"

namespace cbtctl::storage {

// One reading of a file, or all of them.
struct FileReading {
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::int64_t> modified_ns;  // since 1970
  std::string sha256;                       // of the first `hashed_bytes`; empty where it was read in parts
  std::uint64_t hashed_bytes = 0;
  bool is_whole = false;  // those are all
  bool changed = false;   // between two readings
};

// Safe to use from several threads at once.
class ReadRecord {
 public:
  static constexpr std::size_t no_target = SIZE_MAX;
  using Files = std::map<std::pair<std::size_t, std::string>, FileReading>;  // by target, then path

  // A file that was read before stands once, with what the last reading of the most bytes gave.
  void add(std::size_t target, const std::string& path, FileReading reading);
  [[nodiscard]] Files files() const;

 private:
  mutable std::mutex mutex_;
  Files files_;
};

// The same source, whose file is recorded now as read in parts, and with its digest as soon as it was read whole from
// its beginning; one larger than tables are is data, and has none. Reads ahead where `source` does.
[[nodiscard]] std::unique_ptr<formats::core::ByteSource> recorded(std::unique_ptr<formats::core::ByteSource> source,
                                                                  std::shared_ptr<ReadRecord> record,
                                                                  std::size_t target, std::string path,
                                                                  std::optional<std::int64_t> modified_ns);

}  // namespace cbtctl::storage
