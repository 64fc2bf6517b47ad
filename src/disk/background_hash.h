// SHA-256 on a thread of its own, so that hashing costs no time beside reading and writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "disk/background.h"
#include "formats/core/sha256.h"

namespace cbtctl::disk {

class BackgroundHash {
 public:
  void add(std::string text);
  // The bytes must stay as they are until `wait` is back.
  void add(std::span<const std::byte> bytes);
  void add_zeros(std::uint64_t length_bytes);
  // Until no more than `most_waiting` of what was added is still to be hashed.
  void wait(std::size_t most_waiting) { jobs_.wait(most_waiting); }
  // Of all; nothing may be added after it.
  [[nodiscard]] std::string hex();

 private:
  formats::core::Sha256 digest_;  // the jobs'
  Background jobs_;               // last: it ends first
};

}  // namespace cbtctl::disk
