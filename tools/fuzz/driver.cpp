// libFuzzer's entry: the one target that FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>

#include "tools/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const fuzz::Target& target : fuzz::targets()) {
    if (target.name == FUZZ_TARGET) target.run({reinterpret_cast<const std::byte*>(data), size});
  }
  return 0;
}
