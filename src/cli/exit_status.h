// The exit status is a sum, in the manner of fsck; contract, section 3.
#pragma once

#include "formats/core/result.h"

namespace cbtctl::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_findings = 4;    // it is bad
inline constexpr int exit_incomplete = 8;  // I could not look
inline constexpr int exit_usage = 16;
inline constexpr int exit_cancelled = 32;

// Whether an error means that bytes were not obtained. Encrypted, damaged, in use and outside the scan do not.
[[nodiscard]] inline bool is_incomplete(formats::core::ErrorKind kind) {
  using formats::core::ErrorKind;
  return kind == ErrorKind::denied || kind == ErrorKind::unavailable || kind == ErrorKind::changed ||
         kind == ErrorKind::unsupported;
}

}  // namespace cbtctl::cli
