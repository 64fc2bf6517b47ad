#include "repair/base64.h"

#include <nettle/base64.h>

#include <cstdint>

namespace cbtctl::repair {

std::string to_base64(const std::string& bytes) {
  std::string out(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  ::nettle_base64_encode_raw(out.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return out;
}

std::optional<std::string> from_base64(const std::string& text) {
  base64_decode_ctx state{};
  ::nettle_base64_decode_init(&state);
  std::string out(BASE64_DECODE_LENGTH(text.size()), '\0');
  std::size_t length = out.size();
  if (::nettle_base64_decode_update(&state, &length, reinterpret_cast<std::uint8_t*>(out.data()), text.size(),
                                    text.data()) != 1 ||
      ::nettle_base64_decode_final(&state) != 1) {
    return std::nullopt;
  }
  out.resize(length);
  return out;
}

}  // namespace cbtctl::repair
