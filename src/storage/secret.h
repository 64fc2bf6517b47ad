// A password or passphrase in memory.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace cbtctl::storage {

// Grows in one place, so that no half of it is left behind, and is wiped when it goes, as is each copy.
class Secret {
 public:
  static constexpr std::size_t max_bytes = 4096;

  Secret() = default;
  explicit Secret(std::string_view text);  // no more than `max_bytes` of it
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret();

  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }
  [[nodiscard]] const char* c_str() const { return bytes_.data(); }
  [[nodiscard]] bool is_empty() const { return size_ == 0; }

  // False where it is full.
  bool push_back(char c);
  void pop_back();  // of an empty one: nothing
  void clear();

 private:
  std::array<char, max_bytes + 1> bytes_{};  // the last is always zero
  std::size_t size_ = 0;
};

// What calls that are over have left on the stack: registers are saved there, by the dynamic linker too.
void wipe_dead_stack();

}  // namespace cbtctl::storage
