// Where on the disk, and when, it changed: a picture of a CTK file for a terminal, as SVG and as PNG. The newer the
// darker, so that it reads in black and white and by any eye; what `since` asks for has a form of its own, not only a
// colour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/ctk/table.h"
#include "formats/partition/table.h"
#include "model/completeness.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

inline constexpr std::size_t picture_rows = 32;  // at most

struct MapPicture {
  std::string path;
  std::optional<std::string> change_id;
  formats::ctk::Reading reading = {};
  model::Completeness completeness = {};
  std::uint64_t capacity_bytes = 0;
  std::uint64_t block_bytes = 0;
  std::size_t columns = 0;
  std::uint64_t cell_bytes = 0;                  // whole blocks; the last cell may be cut by the disk's end
  std::vector<std::uint32_t> cells;              // the newest entry of each, row by row; 0: never written
  std::vector<formats::ctk::EpochTotal> epochs;  // ascending
  std::uint64_t never_written_bytes = 0;
  std::optional<std::uint32_t> since;  // entries greater than this are marked
  std::string disk;                    // whose partitions these are; empty where none is known
  std::vector<formats::partition::Partition> partitions;
};

[[nodiscard]] std::string picture_text(const MapPicture& picture, bool unicode, const Style& style);
[[nodiscard]] std::string picture_svg(const MapPicture& picture);
[[nodiscard]] std::string picture_png(const MapPicture& picture);  // the file's bytes; empty where it cannot be encoded
[[nodiscard]] std::string picture_json(const MapPicture& picture, int exit_status, const ProvenanceOf& provenance = {});

// "40 GiB, a cell is 20 MiB".
[[nodiscard]] std::string scale_of(const MapPicture& picture);

}  // namespace cbtctl::report
