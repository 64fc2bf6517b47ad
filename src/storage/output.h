// A new file on the operator's machine: it can be created, and nothing else. An existing file is never touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "formats/core/result.h"

namespace cbtctl::storage {

class Output {
 public:
  virtual ~Output() = default;
  [[nodiscard]] virtual formats::core::Status append(std::span<const std::byte> bytes) = 0;
  // A hole of zeros, which takes no space.
  [[nodiscard]] virtual formats::core::Status skip(std::uint64_t length_bytes) = 0;
  // Syncs and closes; without it the destructor removes what was created, so no half file stays.
  [[nodiscard]] virtual formats::core::Status finish() = 0;
};

// `usage` where the file exists; `denied`, `unavailable` as the system says.
formats::core::Result<std::unique_ptr<Output>> create_output(const std::string& path);

}  // namespace cbtctl::storage
