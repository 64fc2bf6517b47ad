// One extent of a link: which ranges it holds, and their bytes. What is damaged or cannot be obtained is a range of its
// own; the rest stays readable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/core/defect.h"
#include "formats/core/result.h"
#include "formats/vmdk/descriptor.h"

namespace cbtctl::disk {

using formats::core::ByteSource;
using formats::core::Result;

// What a link says of a range. `parent`: nothing here, the link below knows; in a base it reads as zeros. `unreadable`:
// damaged, or its bytes were not obtained; reading it tells why.
enum class Allocation { data, zero, parent, unreadable };

struct Run {
  Allocation allocation = Allocation::parent;
  std::uint64_t length_bytes = 0;         // at least 1
  std::uint64_t file_offset_bytes = 0;    // of data: where it lies; of a compressed grain: where that begins
  bool is_compressed = false;             // then the run lies in one grain
  std::uint64_t extent_offset_bytes = 0;  // of data: where in the extent the run or the compressed grain begins
};

// How much of an extent is held against itself. What `tables` leaves out, reading a compressed grain tells.
enum class Scrutiny {
  headers,     // what makes every byte a guess
  tables,      // and the directories and tables, and where the file ends
  everything,  // and what each compressed grain says of its place
};

// Safe to use from several threads at once.
class Extent {
 public:
  virtual ~Extent() = default;
  // The run of one kind that begins at `offset_bytes`, at most `most_bytes` long. Precondition: inside the extent.
  [[nodiscard]] virtual Run run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const = 0;
  // Fills `out` from `offset_bytes` on with what `run`, which run_at gave, holds there; of an unreadable one, the
  // error. Precondition: within that run.
  [[nodiscard]] virtual formats::core::Status read(const Run& run, std::uint64_t offset_bytes,
                                                   std::span<std::byte> out) const = 0;
  // These ranges of the file are read next (formats/core/read_ahead.h).
  virtual void expect(std::vector<formats::core::ByteRange>) const {}  // NOLINT(performance-unnecessary-value-param)
  // What is wrong in headers and tables, each with its offset in the file.
  [[nodiscard]] virtual Result<formats::core::Defects> check(Scrutiny scrutiny) const = 0;
};

// For the extent of a descriptor's line, over the file that it names; `source` is empty for a ZERO extent. `encrypted`,
// `unsupported` (vSAN, devices, a journal to replay) and `malformed` where its bytes would be wrong.
Result<std::unique_ptr<Extent>> open_extent(const formats::vmdk::ExtentLine& line,
                                            std::shared_ptr<const ByteSource> source);

// Fills `out`, or `truncated` where the file ends before that.
formats::core::Status read_whole(const ByteSource& source, std::uint64_t offset_bytes, std::span<std::byte> out);

}  // namespace cbtctl::disk
