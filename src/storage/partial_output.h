// A large new file that may take more than one go: written as PATH.partial, and given its name when it is whole. Behind
// the content stands a record of what it is made of and how much of it is there; it is cut off at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/output.h"

namespace cbtctl::storage {

class PartialOutput : public Output {
 public:
  // So many bytes from the beginning are there from an earlier go; writing goes on behind them.
  [[nodiscard]] virtual std::uint64_t resumed_bytes() const = 0;
  // Of what is there. Precondition: within it.
  [[nodiscard]] virtual formats::core::Status read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const = 0;
  // What was written so far is on the disk, and an interruption from here on loses nothing of it.
  [[nodiscard]] virtual formats::core::Status checkpoint() = 0;
  // PATH.partial stays when this object goes, though it is not finished, and an earlier go can be gone on with from
  // where it is now, if that can be recorded. Without it nothing stays.
  virtual void keep() = 0;
};

// `identity`: a line that tells what the content is made of. `usage` where PATH exists; where PATH.partial does, unless
// `resume` is asked for and its identity is this one. Nothing to resume is no error. `in_use` where another process
// writes it.
formats::core::Result<std::unique_ptr<PartialOutput>> open_partial(const std::string& path, std::uint64_t size_bytes,
                                                                   const std::string& identity, bool resume);

// Standard output: nothing of it is there from an earlier go, nothing stays to be gone on with, and holes are zeros.
[[nodiscard]] std::unique_ptr<PartialOutput> stream_to_standard_output();

}  // namespace cbtctl::storage
