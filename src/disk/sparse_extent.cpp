// Tables are read whole and decoded to sectors; a run is then found by comparing numbers: as long as each sector
// follows the one before, or each entry is the same kind of nothing. Whole tables that are not there, and holes of the
// file, are passed over at once. The last few tables are kept, so that questions near each other, from several threads
// too, read nothing twice.
#include "disk/sparse_extent.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "disk/compressed_grains.h"
#include "formats/core/checked.h"
#include "formats/vmdk/grain_table.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::vmdk::grain_absent;
using formats::vmdk::grain_damaged;
using formats::vmdk::grain_zero;
using formats::vmdk::GrainLayout;
using formats::vmdk::GrainTables;
using formats::vmdk::is_sector;

constexpr std::uint64_t piece_entries = 4096;

// So many entries from `at` on go on as entry, entry + step, entry + 2 * step. Eight at a time, without branches.
std::uint64_t alike(std::span<const std::uint64_t> entries, std::size_t at, std::uint64_t step) {
  std::uint64_t expected = entries[at];
  std::size_t i = at;
  for (; i + 8 <= entries.size(); i += 8, expected += 8 * step) {
    std::uint64_t differing = 0;
    for (std::size_t k = 0; k < 8; ++k) differing |= entries[i + k] ^ (expected + k * step);
    if (differing != 0) break;
  }
  for (; i < entries.size() && entries[i] == expected; ++i) expected += step;
  return i - at;
}

// Neighbouring entries of the directory or of one table.
struct Piece {
  std::uint64_t first = 0;
  std::vector<std::uint64_t> entries;
  [[nodiscard]] bool holds(std::uint64_t index) const { return index >= first && index - first < entries.size(); }
  void resize(std::uint64_t new_first, std::uint64_t count) {
    first = new_first;
    entries.resize(static_cast<std::size_t>(count));
  }
};

// Grains that are alike: all the same kind of nothing, or one behind the other in the file.
struct Stretch {
  std::uint64_t entry = grain_absent;
  std::uint64_t grains = 0;
};

class SparseExtent final : public Extent {
 public:
  SparseExtent(std::shared_ptr<const ByteSource> source, const GrainLayout& layout)
      : source_(std::move(source)),
        layout_(layout),
        tables_(*source_, layout_),
        grain_bytes_(layout.grain_sectors * sector_bytes),
        capacity_bytes_(layout.capacity_sectors * sector_bytes) {}

  Result<Run> run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const override {
    if (offset_bytes >= capacity_bytes_)
      return Error{ErrorKind::malformed,
                   "the sparse extent's capacity is " + std::to_string(capacity_bytes_) + " bytes"};
    const std::uint64_t end = offset_bytes + std::min(most_bytes, capacity_bytes_ - offset_bytes);
    const std::uint64_t number = offset_bytes / grain_bytes_;
    const auto stretch = longest_at(number, formats::core::divide_up(end, grain_bytes_) - number);
    if (!stretch) return stretch.error();
    const std::uint64_t covered = (number + stretch->grains) * grain_bytes_;
    Run run{.allocation = stretch->entry == grain_absent ? Allocation::parent
                          : stretch->entry == grain_zero ? Allocation::zero
                                                         : Allocation::data,
            .length_bytes = std::min(covered, end) - offset_bytes};
    if (run.allocation != Allocation::data) return run;
    const std::uint64_t within = offset_bytes % grain_bytes_;
    run.is_compressed = layout_.is_compressed;
    run.file_offset_bytes = stretch->entry * sector_bytes + (run.is_compressed ? 0 : within);
    run.grain_offset_bytes = offset_bytes - (run.is_compressed ? within : 0);
    return run;
  }

  Result<std::size_t> read(const Run& run, std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    const std::uint64_t within = offset_bytes - run.grain_offset_bytes;
    const auto read = run.is_compressed ? compressed_.read(*source_, run.file_offset_bytes, grain_bytes_, within, out)
                                        : formats::core::read_all(*source_, run.file_offset_bytes + within, out);
    if (!read) return read.error();
    return out.size();
  }

  Result<formats::core::Defects> check() const override {
    GrainTables own(*source_, layout_);
    return formats::vmdk::check_tables(own);
  }

 private:
  // Joined over as many tables as it goes on, up to `most_grains`.
  Result<Stretch> longest_at(std::uint64_t number, std::uint64_t most_grains) const {
    const std::scoped_lock lock(mutex_);
    auto stretch = stretch_at(number);
    if (!stretch) return stretch.error();
    const bool is_data = is_sector(stretch->entry);
    while (stretch->grains < most_grains && !(is_data && layout_.is_compressed)) {
      const auto next = stretch_at(number + stretch->grains);
      if (!next) break;  // told when it is asked for
      const std::uint64_t follows = stretch->entry + (is_data ? stretch->grains * layout_.grain_sectors : 0);
      if (next->entry != follows) break;
      stretch->grains += next->grains;
    }
    return stretch;
  }

  // Within one table, or of whole tables that are not there.
  Result<Stretch> stretch_at(std::uint64_t number) const {
    const std::uint64_t table = number / layout_.table_entries;
    Piece& kept = kept_[static_cast<std::size_t>(table % kept_.size())];
    if (!kept.holds(number)) {
      const auto sector = table_sector(table);
      if (!sector) return sector.error();
      if (*sector == grain_absent) return absent_tables(table, number);
      if (!is_sector(*sector)) return damage(number);
      if (const auto read = keep(kept, *sector, table, number); !read) return read.error();
    }
    const auto at = static_cast<std::size_t>(number - kept.first);
    const std::uint64_t entry = kept.entries[at];
    if (entry == grain_damaged) return damage(number);
    if (is_sector(entry) && layout_.is_compressed) return Stretch{entry, 1};
    return Stretch{entry, alike(kept.entries, at, is_sector(entry) ? layout_.grain_sectors : 0)};
  }

  Result<std::uint64_t> table_sector(std::uint64_t table) const {
    if (table >= layout_.directory_entries) return grain_damaged;
    if (!directory_.holds(table)) {
      const std::uint64_t first = table / piece_entries * piece_entries;
      directory_.resize(first, std::min(piece_entries, layout_.directory_entries - first));
      if (const auto read = tables_.read_directory(first, directory_.entries); !read) {
        directory_.entries.clear();
        return read.error();
      }
    }
    return directory_.entries[static_cast<std::size_t>(table - directory_.first)];
  }

  formats::core::Status keep(Piece& piece, std::uint64_t sector, std::uint64_t table, std::uint64_t number) const {
    const std::uint64_t first_of_table = table * layout_.table_entries;
    const std::uint64_t first = (number - first_of_table) / piece_entries * piece_entries;
    piece.resize(first_of_table + first, std::min(piece_entries, layout_.table_entries - first));
    const auto read = tables_.read_table(sector, first, piece.entries);
    if (!read) piece.entries.clear();
    return read;
  }

  Result<Stretch> absent_tables(std::uint64_t table, std::uint64_t number) const {
    std::uint64_t last = table + alike(directory_.entries, static_cast<std::size_t>(table - directory_.first), 0);
    if (!directory_.holds(last) && last < layout_.directory_entries) {
      const auto hole = tables_.directory_hole(last);
      if (!hole) return hole.error();
      last += *hole;
    }
    const std::uint64_t needed = formats::core::divide_up(layout_.grains(), layout_.table_entries);
    return Stretch{grain_absent, std::min(last, needed) * layout_.table_entries - number};
  }

  Error damage(std::uint64_t number) const {
    const auto defect = tables_.defect_of(number);
    if (!defect) return defect.error();
    return {ErrorKind::malformed, *defect ? (*defect)->message : "grain " + std::to_string(number) + " is damaged"};
  }

  std::shared_ptr<const ByteSource> source_;
  GrainLayout layout_;
  mutable std::mutex mutex_;  // of the tables and what is kept of them
  mutable GrainTables tables_;
  mutable Piece directory_;
  mutable std::array<Piece, 4> kept_;
  CompressedGrains compressed_;
  std::uint64_t grain_bytes_;
  std::uint64_t capacity_bytes_;
};

}  // namespace

Result<std::unique_ptr<Extent>> open_sparse_extent(std::shared_ptr<const ByteSource> source) {
  const auto decoded = formats::vmdk::decode_sparse(*source);
  if (!decoded) return decoded.error();
  const auto layout = formats::vmdk::locate_tables(*decoded, *source);
  if (!layout) return layout.error();
  return std::unique_ptr<Extent>(std::make_unique<SparseExtent>(std::move(source), *layout));
}

}  // namespace cbtctl::disk
