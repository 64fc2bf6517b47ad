// A chain as one sparse raw image.
#pragma once

#include <optional>
#include <string>

#include "disk/chain.h"
#include "storage/output.h"

namespace cbtctl::disk {

struct Exported {
  std::uint64_t size_bytes = 0;
  std::uint64_t data_bytes = 0;
  std::string data_sha256;                  // over "offset length\n" and the bytes of each data extent, in order
  std::optional<std::string> image_sha256;  // over the whole image
};

// Writes and hashes in one pass; never finishes `output`.
Result<Exported> export_raw(const Chain& chain, storage::Output& output, bool hash_image);

}  // namespace cbtctl::disk
