// A host's answer to one question, for tests of the parsers.
#pragma once

#include <string>

#include "host/answers.h"

namespace support {

inline cbtctl::host::Answer answer(std::string text, int status = 0, std::string errors = {}) {
  return {
      .name = "question", .source = "command", .status = status, .text = std::move(text), .errors = std::move(errors)};
}

// The ends of lines as another release, or a terminal between, has them.
inline std::string with_carriage_returns(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

}  // namespace support
