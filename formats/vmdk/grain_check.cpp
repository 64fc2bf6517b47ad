// Two grains at one place are found with a bit for each place in the file where a grain can lie. A file may have more
// of them than there are bits: then the places are divided into windows, and the tables gone through once for each
// window in which a grain was seen. Places are counted in grains, not sectors: two grains that begin less than a grain
// apart overlap, so no two sound ones share a bit, however they are aligned.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/checked.h"
#include "formats/vmdk/grain_table.h"

namespace formats::vmdk {
namespace {

using core::Defect;
using core::Defects;
using core::sector_bytes;
using core::Status;

constexpr std::uint64_t window_places = std::uint64_t{1} << 28;  // 32 MiB of bits
constexpr std::size_t piece_entries = 4096;
constexpr std::uint64_t marker_bytes = 12;  // before a compressed grain

class TableChecker {
 public:
  TableChecker(GrainTables& tables, std::size_t most_listed)
      : tables_(tables),
        layout_(tables.layout()),
        file_bytes_(tables.file().size_bytes()),
        place_sectors_(layout_.is_compressed ? 1 : layout_.grain_sectors),
        needed_tables_(core::divide_up(layout_.grains(), layout_.table_entries)),
        most_listed_(most_listed) {}

  core::Result<Defects> run() {
    const std::uint64_t places = core::divide_up(core::divide_up(file_bytes_, sector_bytes), place_sectors_);
    windows_.resize(static_cast<std::size_t>(core::divide_up(places, window_places)));
    taken_.resize(static_cast<std::size_t>(std::min(places, window_places)));
    Status status = visit(&TableChecker::judge);
    for (window_ = 1; status && window_ < windows_.size(); ++window_) {
      if (!windows_[static_cast<std::size_t>(window_)]) continue;
      taken_.assign(taken_.size(), false);
      status = visit(&TableChecker::claim_again);
    }
    if (status && !twice_.empty()) status = visit(&TableChecker::name_first);
    if (!status) return status.error();
    finish();
    return std::move(defects_);
  }

 private:
  struct Entry {
    std::uint64_t sector = 0;  // or one of the kinds that are none
    std::uint64_t offset_bytes = 0;
    bool of_directory = false;  // a table that cannot be read, or must not be there; `number` is its first grain
  };
  using Visitor = Status (TableChecker::*)(std::uint64_t number, const Entry& entry);

  // Every entry of every table that is not absent, in order. Ends where the file cannot have room for so many tables,
  // so that the work is never more than the file is long.
  Status visit(Visitor visitor) {
    std::uint64_t room_bytes = file_bytes_;
    std::vector<std::uint64_t> directory(piece_entries);
    for (std::uint64_t first = 0; first < layout_.directory_entries;) {
      const auto hole = tables_.directory_hole(first);
      if (!hole) return hole.error();
      first += *hole;
      const auto piece = std::span(directory).first(
          static_cast<std::size_t>(std::min<std::uint64_t>(piece_entries, layout_.directory_entries - first)));
      if (const auto read = tables_.read_directory(first, piece); !read) return read;
      for (const std::uint64_t sector : piece) {
        const std::uint64_t table = first++;
        if (sector == grain_absent) continue;
        const std::uint64_t table_bytes = layout_.table_entries * layout_.entry_bytes();
        if (is_sector(sector) && room_bytes == 0) return crowded(table);
        room_bytes -= is_sector(sector) ? std::min(room_bytes, table_bytes) : 0;
        const auto visited = visit_table(table, sector, visitor);
        if (!visited) return visited;
        const bool ended = layout_.directory_offset_bytes + first * layout_.entry_bytes() > file_bytes_;
        if (ended) return core::success();  // what the file ends before is one defect
      }
    }
    return core::success();
  }

  Status visit_table(std::uint64_t table, std::uint64_t sector, Visitor visitor) {
    const std::uint64_t first_grain = table * layout_.table_entries;
    if (!is_sector(sector) || table >= needed_tables_)
      return (this->*visitor)(first_grain,
                              {sector, layout_.directory_offset_bytes + table * layout_.entry_bytes(), true});
    for (std::uint64_t first = 0; first < layout_.table_entries; first += piece_entries) {
      entries_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_entries, layout_.table_entries - first)));
      if (const auto read = tables_.read_table(sector, first, entries_); !read) return read;
      const std::uint64_t begin = sector * sector_bytes + first * layout_.entry_bytes();
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i] == grain_absent) continue;
        const std::uint64_t offset = begin + i * layout_.entry_bytes();
        const auto visited = (this->*visitor)(first_grain + first + i, {entries_[i], offset});
        if (!visited) return visited;
        if (offset + layout_.entry_bytes() > file_bytes_) return core::success();  // the file ends in this table
      }
    }
    return core::success();
  }

  Status crowded(std::uint64_t table) {
    if (crowded_) return core::success();
    crowded_ = true;
    add({"grain_directory",
         layout_.directory_offset_bytes + table * layout_.entry_bytes(),
         "no more tables than the file's " + std::to_string(file_bytes_) + " bytes have room for",
         "one more",
         {}});
    return core::success();
  }

  Status judge(std::uint64_t number, const Entry& entry) {
    if (number >= layout_.grains()) {
      add({entry.of_directory ? "grain_directory" : "grain_table",
           entry.offset_bytes,
           "no entry behind the capacity of " + std::to_string(layout_.grains()) + " grains",
           "an entry for grain " + std::to_string(number),
           {}});
      return core::success();
    }
    if (entry.sector == grain_damaged) return add_damaged(number);
    if (entry.sector == grain_zero) return core::success();
    const std::uint64_t end = entry.sector * sector_bytes + bytes_of(number);
    if (end > file_bytes_) {
      add({"grain_table",
           entry.offset_bytes,
           "grain " + std::to_string(number) + " within the file's " + std::to_string(file_bytes_) + " bytes",
           "an end at byte " + std::to_string(end),
           {}});
    }
    windows_[static_cast<std::size_t>(place_of(entry) / window_places)] = true;
    return claim(number, entry);
  }

  Status claim_again(std::uint64_t number, const Entry& entry) {
    return is_sector(entry.sector) && number < layout_.grains() ? claim(number, entry) : core::success();
  }

  Status claim(std::uint64_t number, const Entry& entry) {
    const std::uint64_t place = place_of(entry);
    if (place / window_places != window_) return core::success();
    auto taken = taken_[static_cast<std::size_t>(place % window_places)];
    if (!taken) {
      taken = true;
      return core::success();
    }
    if (defects_.size() < most_listed_) {
      twice_.emplace(defects_.size(), place);
      first_at_.emplace(place, std::nullopt);
    }
    add({"grain_table",
         entry.offset_bytes,
         "grain " + std::to_string(number) + " at a place of its own",
         "sector " + std::to_string(entry.sector),
         {}});
    return core::success();
  }

  // Who else lies at the places that were claimed twice.
  Status name_first(std::uint64_t number, const Entry& entry) {
    if (!is_sector(entry.sector) || number >= layout_.grains()) return core::success();
    const auto claimed = first_at_.find(place_of(entry));
    if (claimed != first_at_.end() && !claimed->second) claimed->second = number;
    return core::success();
  }

  Status add_damaged(std::uint64_t number) {
    if (defects_.size() >= most_listed_) {
      ++left_out_;
      return core::success();
    }
    auto defect = tables_.defect_of(number);
    if (!defect) return defect.error();
    if (*defect) defects_.push_back(std::move(**defect));
    return core::success();
  }

  void add(Defect defect) {
    if (defects_.size() < most_listed_)
      defects_.push_back(std::move(defect));
    else
      ++left_out_;
  }

  void finish() {
    for (const auto& [index, place] : twice_) {
      if (const auto first = first_at_[place])
        defects_[index].found += ", where grain " + std::to_string(*first) + " lies";
    }
    for (Defect& defect : defects_) {
      if (defect.message.empty())
        defect.message = defect.field + " at byte " + std::to_string(defect.offset_bytes) + ": expected " +
                         defect.expected + ", found " + defect.found;
    }
    if (left_out_ > 0) {
      const std::string more = std::to_string(left_out_) + " more";
      defects_.push_back({"grain_table", 0, "no more", more, "the tables have " + more + " defects"});
    }
  }

  [[nodiscard]] std::uint64_t place_of(const Entry& entry) const { return entry.sector / place_sectors_; }
  // What the file must hold of a grain: of the disk's last one no more than the capacity.
  [[nodiscard]] std::uint64_t bytes_of(std::uint64_t number) const {
    if (layout_.is_compressed) return marker_bytes;
    return std::min(layout_.grain_sectors, layout_.capacity_sectors - number * layout_.grain_sectors) * sector_bytes;
  }

  GrainTables& tables_;
  const GrainLayout& layout_;
  std::uint64_t file_bytes_;
  std::uint64_t place_sectors_;
  std::uint64_t needed_tables_;
  std::size_t most_listed_;
  std::vector<bool> windows_;  // those in which a grain was seen
  std::uint64_t window_ = 0;   // the one that `taken_` is of
  std::vector<bool> taken_;
  std::vector<std::uint64_t> entries_;
  std::map<std::size_t, std::uint64_t> twice_;                      // defect -> the place claimed
  std::map<std::uint64_t, std::optional<std::uint64_t>> first_at_;  // such a place -> the first grain there
  Defects defects_;
  std::uint64_t left_out_ = 0;
  bool crowded_ = false;  // more tables than the file has room for
};

}  // namespace

core::Result<Defects> check_tables(GrainTables& tables, std::size_t most_listed) {
  return TableChecker(tables, most_listed).run();
}

}  // namespace formats::vmdk
