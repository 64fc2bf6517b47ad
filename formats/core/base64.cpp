#include "formats/core/base64.h"

#include <nettle/base64.h>

#include <cstdint>

namespace formats::core {

std::string to_base64(std::string_view bytes) {
  std::string out(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  nettle_base64_encode_raw(out.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  base64_decode_ctx context;
  nettle_base64_decode_init(&context);
  std::string out(BASE64_DECODE_LENGTH(text.size()), '\0');
  std::size_t length = out.size();
  auto* bytes = reinterpret_cast<std::uint8_t*>(out.data());
  if (nettle_base64_decode_update(&context, &length, bytes, text.size(), text.data()) != 1) return std::nullopt;
  if (nettle_base64_decode_final(&context) != 1) return std::nullopt;
  out.resize(length);
  return out;
}

}  // namespace formats::core
