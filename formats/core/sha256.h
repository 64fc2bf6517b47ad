// SHA-256, a piece at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "formats/core/byte_source.h"

namespace formats::core {

class Sha256 {
 public:
  Sha256();
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
  // 64 lower-case hex digits; begins anew.
  [[nodiscard]] std::string hex();

 private:
  alignas(16) std::array<std::byte, 128> state_{};  // the library's own
};

[[nodiscard]] std::string sha256(std::string_view bytes);
Result<std::string> sha256(const ByteSource& source);

}  // namespace formats::core
