#include "formats/core/ascii.h"

#include <cstring>

namespace formats::core {

std::string lower(std::string_view text) {
  std::string out(text);
  std::size_t at = 0;
  for (std::uint64_t eight = 0; at + sizeof eight <= out.size(); at += sizeof eight) {
    std::memcpy(&eight, out.data() + at, sizeof eight);
    eight = lower_of_eight(eight);
    std::memcpy(out.data() + at, &eight, sizeof eight);
  }
  for (; at < out.size(); ++at) out[at] = lower(out[at]);
  return out;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  std::size_t at = 0;
  for (std::uint64_t x = 0, y = 0; at + sizeof x <= a.size(); at += sizeof x) {
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    if (lower_of_eight(x) != lower_of_eight(y)) return false;
  }
  while (at < a.size() && lower(a[at]) == lower(b[at])) ++at;
  return at == a.size();
}

}  // namespace formats::core
