#include "storage/secret.h"

#include <algorithm>
#include <cstring>

namespace cbtctl::storage {

Secret::Secret(std::string_view text) : size_(std::min(text.size(), max_bytes)) {
  std::copy_n(text.begin(), size_, bytes_.begin());
}

Secret::~Secret() { clear(); }

bool Secret::push_back(char c) {
  if (size_ == max_bytes) return false;
  bytes_[size_++] = c;
  return true;
}

void Secret::pop_back() {
  if (size_ > 0) bytes_[--size_] = '\0';
}

// The compiler leaves no assignment out that it takes for the last one.
void Secret::clear() {
  ::explicit_bzero(bytes_.data(), bytes_.size());
  size_ = 0;
}

// A copy leaves its last bytes in registers, which go to the stack whenever it pleases the dynamic linker: copies of
// all the ways there are (by length) leave zeros there instead.
[[gnu::noinline]] void wipe_dead_stack() {
  std::array<char, 32 * 1024> dead;
  ::explicit_bzero(dead.data(), dead.size());
  for (volatile std::size_t bytes : {512U, 256U, 128U, 64U, 32U, 16U, 8U, 4U})
    std::memcpy(dead.data(), dead.data() + dead.size() / 2, bytes);
  ::explicit_bzero(dead.data(), dead.size());
}

}  // namespace cbtctl::storage
