#include "disk/background_hash.h"

#include <algorithm>
#include <array>
#include <utility>

namespace cbtctl::disk {

void BackgroundHash::add(std::string text) {
  jobs_.add([this, text = std::move(text)] { digest_.add(text); });
}

void BackgroundHash::add(std::span<const std::byte> bytes) {
  jobs_.add([this, bytes] { digest_.add(bytes); });
}

void BackgroundHash::add_zeros(std::uint64_t length_bytes) {
  jobs_.add([this, length_bytes] {
    constexpr std::size_t piece_bytes = std::size_t{64} << 10;
    static constexpr std::array<std::byte, piece_bytes> zeros{};
    for (std::uint64_t left = length_bytes; left > 0;) {
      const auto piece = std::min<std::uint64_t>(left, piece_bytes);
      digest_.add(std::span(zeros).first(static_cast<std::size_t>(piece)));
      left -= piece;
    }
  });
}

std::string BackgroundHash::hex() {
  jobs_.wait(0);
  return digest_.hex();
}

}  // namespace cbtctl::disk
