// What is fuzzed: one function per parser, which must neither crash nor break what it promises, whatever the bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::span<const std::byte> bytes);
};

[[nodiscard]] std::span<const Target> targets();

}  // namespace fuzz
