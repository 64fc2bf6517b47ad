// A chain as one sparse raw image.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "disk/chain.h"
#include "storage/partial_output.h"

namespace cbtctl::disk {

struct ExportOptions {
  bool hash_data = true;    // "offset length\n" and the bytes of each range of data, in order
  bool hash_image = false;  // the whole image, zeros included
};

struct Exported {
  std::uint64_t size_bytes = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t resumed_bytes = 0;  // of the image, there from an earlier go
  std::optional<std::string> data_sha256;
  std::optional<std::string> image_sha256;
};

// How many bytes of data the image has. Where any byte of it cannot be read: why.
Result<std::uint64_t> measure_data(const Chain& chain);

// What the image is made of: the files of all links with their sizes and times.
[[nodiscard]] std::string identity_of(const Chain& chain);

// Called with the bytes of data that are done; false: stop.
using ExportProgress = std::function<bool(std::uint64_t done_bytes)>;

// Writes and hashes in one pass, behind what `output` has from an earlier go; never finishes it. `cancelled` where the
// progress said stop.
Result<Exported> export_raw(const Chain& chain, storage::PartialOutput& output, const ExportOptions& options,
                            const ExportProgress& progress);

}  // namespace cbtctl::disk
