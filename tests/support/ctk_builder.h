// Builds the bytes of a CTK file, every field where the test wants it.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace support {

class CtkBuilder {
 public:
  CtkBuilder& capacity(std::uint64_t sectors, std::size_t at = 16) { return put(at, &sectors, 8); }
  CtkBuilder& block(std::uint32_t sectors, std::size_t at = 32) { return put(at, &sectors, 4); }
  CtkBuilder& word(std::uint32_t value, std::size_t at) { return put(at, &value, 4); }
  CtkBuilder& entries(const std::vector<std::uint32_t>& table) {
    bytes_.resize(512);
    bytes_.resize(512 + table.size() * 4);
    std::memcpy(bytes_.data() + 512, table.data(), table.size() * 4);
    return *this;
  }
  CtkBuilder& size(std::size_t bytes) {
    bytes_.resize(bytes);
    return *this;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

  CtkBuilder() : bytes_(512, '\0') {
    word(0xF61972A2, 0).word(1, 4).word(512, 12);
    for (std::size_t i = 0; i < 16; ++i) bytes_[44 + i] = static_cast<char>(0x52 + i);
  }

 private:
  CtkBuilder& put(std::size_t at, const void* value, std::size_t count) {
    std::memcpy(bytes_.data() + at, value, count);
    return *this;
  }
  std::string bytes_;
};

}  // namespace support
