#include "host/word.h"

#include <array>
#include <random>

namespace cbtctl::host {

std::string framing_word() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::string word;
  for (int i = 0; i < 32; ++i) word.push_back(digits[random() % digits.size()]);
  return word;
}

}  // namespace cbtctl::host
