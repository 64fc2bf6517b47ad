// A source far away, which asks for many ranges at once where it is told of them beforehand.
#pragma once

#include <utility>
#include <vector>

#include "formats/core/byte_source.h"

namespace formats::core {

class ReadAhead {
 public:
  virtual ~ReadAhead() = default;
  // These ranges are read next, in about this order; what was announced before is not, any more. A hint: what is read
  // does not depend on it.
  virtual void expect(std::vector<ByteRange> ranges) const = 0;
};

// The source, where it reads ahead; else nothing.
inline const ReadAhead* read_ahead_of(const ByteSource& source) { return dynamic_cast<const ReadAhead*>(&source); }

// Tells the source, where it makes use of it.
inline void expect(const ByteSource& source, std::vector<ByteRange> ranges) {
  const ReadAhead* ahead = read_ahead_of(source);
  if (ahead != nullptr && !ranges.empty()) ahead->expect(std::move(ranges));
}

}  // namespace formats::core
