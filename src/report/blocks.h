// The changed extents of a CTK file, printed as they are found: there may be tens of millions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/ctk/table.h"
#include "formats/ctk/tracking_file.h"

namespace cbtctl::report {

enum class BlocksFormat { text, json, csv };

struct BlocksSubject {
  std::string path;
  std::string since;  // as asked for
  formats::ctk::Reading reading;
};

class BlocksPrinter {
 public:
  using Sink = std::function<void(std::string_view)>;  // is given pieces of about a megabyte

  BlocksPrinter(BlocksFormat format, Sink sink) : format_(format), sink_(std::move(sink)) {}
  void begin(const BlocksSubject& subject);
  void add(std::span<const formats::ctk::ChangedExtent> extents);
  void end(int exit_status);
  [[nodiscard]] std::uint64_t total_bytes() const { return total_bytes_; }

 private:
  void append(const formats::ctk::ChangedExtent& extent);
  void put(std::uint64_t number, std::size_t width);

  BlocksFormat format_;
  Sink sink_;
  std::string buffer_;
  std::size_t width_ = 0;  // of offsets and lengths in a table
  std::uint64_t total_bytes_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace cbtctl::report
