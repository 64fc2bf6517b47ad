// Every directory entry and every grain is visited in order. Whether two share a place is told by a bit for each place;
// a file too large for that is visited several times, each time with the bits of another window of it.
#include <algorithm>
#include <string>
#include <vector>

#include "formats/core/checked.h"
#include "formats/vmdk/grain_tables.h"

namespace formats::vmdk {
namespace {

using core::Result;
using core::sector_bytes;

constexpr std::uint64_t window_places = std::uint64_t{1} << 29;  // 64 MiB of bits
constexpr std::uint64_t piece_tables = 4096;

// The places of one window. Two things of `unit_bytes` that do not overlap have different places.
class Window {
 public:
  Window(std::uint64_t file_bytes, std::uint64_t unit_bytes)
      : unit_bytes_(unit_bytes), places_(core::divide_up(file_bytes, unit_bytes)) {}

  [[nodiscard]] std::uint64_t passes() const { return core::divide_up(places_, window_places); }
  void move_to(std::uint64_t pass) {
    begin_ = pass * window_places;
    taken_.assign(static_cast<std::size_t>(begin_ < places_ ? std::min(window_places, places_ - begin_) : 0), false);
  }
  // False where it was taken before. What lies outside the window is always free.
  bool take(std::uint64_t offset_bytes) {
    const std::uint64_t place = offset_bytes / unit_bytes_;
    if (place < begin_ || place - begin_ >= taken_.size()) return true;
    const auto bit = taken_[static_cast<std::size_t>(place - begin_)];
    if (bit) return false;
    taken_[static_cast<std::size_t>(place - begin_)] = true;
    return true;
  }

 private:
  std::uint64_t unit_bytes_;
  std::uint64_t places_;
  std::uint64_t begin_ = 0;
  std::vector<bool> taken_;
};

class TableChecker {
 public:
  TableChecker(const core::ByteSource& file, const GrainLayout& layout, bool with_markers)
      : file_(file),
        layout_(layout),
        reads_markers_(with_markers && layout.is_compressed && layout.has_markers),
        grain_places_(layout.file_bytes, layout.is_compressed ? sector_bytes : layout.grain_bytes()),
        table_places_(layout.file_bytes, layout.table_bytes()),
        places_(static_cast<std::size_t>(layout.table_entries)) {}

  Result<core::Defects> run() {
    if (layout_.tables() > layout_.directory_entries) {
      tell("grain_directory", layout_.directory_offset_bytes, std::to_string(layout_.tables()) + " entries",
           std::to_string(layout_.directory_entries));
    }
    const std::uint64_t passes = std::max(grain_places_.passes(), table_places_.passes());
    for (pass_ = 0; pass_ < passes; ++pass_) {
      grain_places_.move_to(pass_);
      table_places_.move_to(pass_);
      if (const auto visited = visit_directory(); !visited) return visited.error();
    }
    if (untold_ > 0) {
      const std::string count = std::to_string(untold_);
      defects_.push_back({"tables", layout_.directory_offset_bytes, "", count, "tables: " + count + " more defects"});
    }
    return std::move(defects_);
  }

 private:
  core::Status visit_directory() {
    std::vector<std::uint64_t> tables;
    const std::uint64_t all = std::min(layout_.tables(), layout_.directory_entries);
    for (std::uint64_t first = 0; first < all; first += piece_tables) {
      tables.resize(static_cast<std::size_t>(std::min(piece_tables, all - first)));
      if (const auto read = read_directory(file_, layout_, first, tables); !read) return read;
      for (std::size_t i = 0; i < tables.size(); ++i) {
        if (tables[i] == place_absent) continue;
        if (const auto visited = visit_table(first + i, tables[i]); !visited) return visited;
      }
    }
    return core::success();
  }

  core::Status visit_table(std::uint64_t table, std::uint64_t begin) {
    const std::string name = "grain table " + std::to_string(table);
    const std::uint64_t entry_at = layout_.directory_entry_offset_bytes(table);
    if (begin == place_damaged) {
      tell_once("grain_directory_entry", entry_at, "a table in the file", name + " past its end or of no known kind");
      return core::success();
    }
    if (!table_places_.take(begin)) {
      tell("grain_directory_entry", entry_at, "a place of its own",
           name + " at another's, byte " + std::to_string(begin));
      return core::success();
    }
    if (begin + layout_.table_bytes() > layout_.file_bytes)
      tell_once("grain_table", begin, std::to_string(layout_.table_bytes()) + " bytes",
                name + " cut by the file's end");
    if (const auto read = read_table(file_, layout_, begin, places_); !read) return read;
    const std::uint64_t first = table * layout_.table_entries;
    const auto grains = std::min<std::uint64_t>(places_.size(), layout_.grains() - first);
    for (std::size_t i = 0; i < grains; ++i) {
      if (places_[i] == place_absent || places_[i] == place_zero) continue;
      const auto visited = visit_grain(first + i, places_[i], begin + i * layout_.entry_bytes());
      if (!visited) return visited;
    }
    return core::success();
  }

  core::Status visit_grain(std::uint64_t grain, std::uint64_t sector, std::uint64_t entry_at) {
    if (sector == place_damaged) {
      if (entry_at < layout_.file_bytes)
        tell_once("grain_table_entry", entry_at, "a grain in the file",
                  name_of(grain) + " past its end or of no known kind");
      return core::success();
    }
    if (sector < layout_.metadata_end_sector)
      tell_once("grain_table_entry", entry_at, "a sector behind the header and directory",
                name_of(grain) + " at sector " + std::to_string(sector));
    if (!grain_places_.take(sector * sector_bytes))
      tell("grain_table_entry", entry_at, "a place of its own",
           name_of(grain) + " at another's, sector " + std::to_string(sector));
    return reads_markers_ && pass_ == 0 ? visit_marker(grain, sector) : core::success();
  }

  // A stream's grain says which sector of the disk it is.
  core::Status visit_marker(std::uint64_t grain, std::uint64_t sector) {
    const std::uint64_t at = sector * sector_bytes;
    const auto bytes = core::read_exact(file_, at, sizeof(GrainMarker));
    if (!bytes && bytes.error().kind != core::ErrorKind::truncated) return bytes.error();
    const auto marker = bytes ? core::load<GrainMarker>(*bytes) : std::nullopt;
    if (!marker || at + sizeof(GrainMarker) + marker->packed_bytes > layout_.file_bytes || marker->packed_bytes == 0) {
      tell("grain_marker", at, "a packed grain in the file", name_of(grain) + " cut by the file's end");
    } else if (marker->sector != grain * layout_.grain_sectors) {
      tell("grain_marker", at, "sector " + std::to_string(grain * layout_.grain_sectors),
           "sector " + std::to_string(marker->sector));
    }
    return core::success();
  }

  static std::string name_of(std::uint64_t grain) { return "grain " + std::to_string(grain); }

  void tell_once(const std::string& field, std::uint64_t offset, const std::string& expected,
                 const std::string& found) {
    if (pass_ == 0) tell(field, offset, expected, found);
  }

  void tell(const std::string& field, std::uint64_t offset, const std::string& expected, const std::string& found) {
    if (defects_.size() == most_defects) {
      ++untold_;
      return;
    }
    defects_.push_back({field, offset, expected, found,
                        field + " at byte " + std::to_string(offset) + ": expected " + expected + ", found " + found});
  }

  const core::ByteSource& file_;
  const GrainLayout& layout_;
  bool reads_markers_;
  Window grain_places_;
  Window table_places_;
  std::uint64_t pass_ = 0;
  std::vector<std::uint64_t> places_;
  core::Defects defects_;
  std::uint64_t untold_ = 0;
};

}  // namespace

Result<core::Defects> check_tables(const core::ByteSource& file, const GrainLayout& layout, bool with_markers) {
  return TableChecker(file, layout, with_markers).run();
}

}  // namespace formats::vmdk
