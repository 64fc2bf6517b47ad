// What a path that the user gave is on this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/core/result.h"

namespace cbtctl::storage {

struct LocalPath {
  std::string given;  // absolute, lexically normal, links kept
  std::string real;   // absolute, links resolved
  bool is_folder = false;
};

// `missing` or `denied` where it cannot be reached; the message names the path.
formats::core::Result<LocalPath> resolve_local(const std::string& path);

// When the file was last modified, in nanoseconds since 1970; nothing where that is not known.
[[nodiscard]] std::optional<std::int64_t> modified_ns(const std::string& path);

}  // namespace cbtctl::storage
