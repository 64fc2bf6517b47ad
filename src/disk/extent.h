// One extent of a link: which ranges it holds, and their bytes. Damage inside is a defect with its offset; what can be
// read stays readable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "formats/core/byte_source.h"
#include "formats/core/defect.h"
#include "formats/core/result.h"
#include "formats/vmdk/descriptor.h"

namespace cbtctl::disk {

using formats::core::ByteSource;
using formats::core::Result;

// What a link says of a range. `parent`: nothing here, the link below knows; in a base it reads as zeros.
enum class Allocation { data, zero, parent };

struct Run {
  Allocation allocation = Allocation::parent;
  std::uint64_t length_bytes = 0;        // at least 1; the next run may be of the same kind
  std::uint64_t file_offset_bytes = 0;   // of data that lies in the file as it is
  bool is_compressed = false;            // `file_offset_bytes` is that of the grain's marker
  std::uint64_t grain_offset_bytes = 0;  // where in the extent `file_offset_bytes` is
};

class Extent {
 public:
  virtual ~Extent() = default;
  // All is safe to call from several threads at once.
  //
  // The run of one kind that begins at `offset_bytes`, at most `most_bytes` long. Precondition: inside the extent.
  [[nodiscard]] virtual Result<Run> run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const = 0;
  // Fills `out` with the bytes of a data run from `offset_bytes` on. Precondition: within that run.
  [[nodiscard]] virtual Result<std::size_t> read(const Run& run, std::uint64_t offset_bytes,
                                                 std::span<std::byte> out) const = 0;
  // What is damaged, with offsets into the file; reads all tables.
  [[nodiscard]] virtual Result<formats::core::Defects> check() const { return formats::core::Defects{}; }
};

// For the extent of a descriptor's line, over the file that it names; `source` is empty for a ZERO extent. `encrypted`,
// `unsupported` (vSAN, devices, a journal to replay) and `malformed` where its bytes would be wrong.
Result<std::unique_ptr<Extent>> open_extent(const formats::vmdk::ExtentLine& line,
                                            std::shared_ptr<const ByteSource> source);

}  // namespace cbtctl::disk
