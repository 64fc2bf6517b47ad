// Where on the disk, and when, it changed: a picture of a CTK file for a terminal, as SVG and as PNG. The newer the
// darker, so that it reads in black and white and by any eye; what `--since` asks for is marked by its own colour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/ctk/table.h"
#include "report/table.h"

namespace cbtctl::report {

inline constexpr std::size_t picture_columns = 64;
inline constexpr std::size_t picture_rows = 32;

struct MapPicture {
  std::string path;
  std::string change_id;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t block_bytes = 0;
  std::vector<std::uint32_t> cells;              // the newest entry of each equal part, row by row; 0: never written
  std::vector<formats::ctk::EpochTotal> epochs;  // ascending
  std::uint64_t never_written_bytes = 0;
  std::optional<std::uint32_t> since;
};

[[nodiscard]] std::string picture_text(const MapPicture& picture, bool unicode, const Style& style);
[[nodiscard]] std::string picture_svg(const MapPicture& picture);
[[nodiscard]] std::string picture_png(const MapPicture& picture);  // the file's bytes; empty where it cannot be encoded
[[nodiscard]] std::string picture_json(const MapPicture& picture);

}  // namespace cbtctl::report
