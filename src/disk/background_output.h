// Writes a partial output on a thread of its own, in order, so that the next bytes are read meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>

#include "disk/background.h"
#include "storage/partial_output.h"

namespace cbtctl::disk {

class BackgroundOutput {
 public:
  // `output` outlives it, and is its own until it goes.
  explicit BackgroundOutput(storage::PartialOutput& output) : output_(output) {}

  // The bytes must stay as they are until `wait` is back.
  void append(std::span<const std::byte> bytes);
  void skip(std::uint64_t length_bytes);
  void checkpoint();
  // Until no more than `most_waiting` of what was asked for is still to be done.
  void wait(std::size_t most_waiting) { jobs_.wait(most_waiting); }
  // The first failure so far; nothing is written after it.
  [[nodiscard]] formats::core::Status outcome() const;

 private:
  void add(std::function<formats::core::Status()> change);

  storage::PartialOutput& output_;
  mutable std::mutex mutex_;
  formats::core::Status outcome_ = formats::core::success();
  Background jobs_;  // last: it ends first
};

}  // namespace cbtctl::disk
