// Groups of 64 blocks that go on with the value before them are passed over, by both questions. Else changed extents
// are found 64 blocks at a time: a block continues the extent of the one before it when both changed and their entries
// are equal. Where that is broken an extent ends, where it is not continued one begins.
//
// Totals count the runs of other groups, or where these are short their entries one by one, in eight histograms, so
// that equal neighbours do not wait for each other.
#include "formats/ctk/table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <numeric>
#include <unordered_map>

#include "formats/core/checked.h"
#include "formats/ctk/entries.h"

namespace formats::ctk {
namespace {

constexpr std::size_t batch_extents = 1024;
constexpr std::uint32_t small_values = 16384;  // of entries: counted in arrays
constexpr std::int64_t most_large_values = 250'000;

class ExtentFinder {
 public:
  ExtentFinder(const TableShape& shape, const ChangeQuery& query, const ExtentSink& sink)
      : shape_(shape), query_(query), sink_(sink) {
    batch_.reserve(batch_extents + group_entries);
  }

  void hole(std::uint64_t first_block) { close(first_block); }

  void piece(const EntryReader::Piece& piece) {
    std::uint64_t done = 0;
    for (;;) {
      done += unchanging(piece.entries + done, static_cast<std::size_t>(piece.blocks - done));
      if (done + group_entries > piece.blocks) break;
      const GroupMask mask = group_mask(piece.entries + done, query_.since);
      group(mask, piece.first_block + done, piece.entries + done, group_entries);
      done += group_entries;
    }
    if (done == piece.blocks) return;
    // The last few: padded with zeros, which never changed.
    std::array<std::uint32_t, group_entries + 1> padded{};
    std::copy(piece.entries + done - 1, piece.entries + piece.blocks, padded.begin());
    group(group_mask(padded.data() + 1, query_.since), piece.first_block + done, padded.data() + 1,
          static_cast<std::size_t>(piece.blocks - done));
  }

  void finish() {
    close(shape_.blocks);
    flush();
    if (pending_) sink_({&*pending_, 1});
  }

 private:
  void group(const GroupMask& mask, std::uint64_t first_block, const std::uint32_t* entries, std::size_t count) {
    const std::uint64_t before = (mask.changed << 1) | (open_ ? 1U : 0U);
    const std::uint64_t continued = mask.changed & before & mask.same_as_before;
    std::uint64_t ends = before & ~continued;
    std::uint64_t begins = mask.changed & ~continued;
    if (count < group_entries) ends &= (std::uint64_t{2} << count) - 1;
    for (std::uint64_t events = ends | begins; events != 0; events &= events - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(events));
      if ((ends >> bit & 1U) != 0) close(first_block + bit);
      if ((begins >> bit & 1U) != 0) {
        open_ = true;
        begin_ = first_block + bit;
        epoch_ = entries[bit];
      }
    }
    if (batch_.size() >= batch_extents) flush();
  }

  void close(std::uint64_t end_block) {
    if (!open_) return;
    open_ = false;
    const std::uint64_t offset = begin_ * shape_.block_bytes;
    const std::uint64_t end = std::min(end_block * shape_.block_bytes, shape_.capacity_bytes);
    batch_.push_back({offset, end - offset, epoch_});
  }

  void flush() {
    if (query_.merge_across_epochs) merge();
    if (!batch_.empty()) sink_(batch_);
    batch_.clear();
  }

  // Joins neighbours; the last extent waits, since the next batch may go on where it ends.
  void merge() {
    std::vector<ChangedExtent> merged;
    for (const ChangedExtent& extent : batch_) {
      if (pending_ && join(*pending_, extent, query_)) continue;
      if (pending_) merged.push_back(*pending_);
      pending_ = extent;
    }
    batch_ = std::move(merged);
  }

  const TableShape& shape_;
  const ChangeQuery& query_;
  const ExtentSink& sink_;
  std::vector<ChangedExtent> batch_;
  std::optional<ChangedExtent> pending_;
  bool open_ = false;
  std::uint64_t begin_ = 0;
  std::uint32_t epoch_ = 0;
};

// Blocks per entry value, bounded: values up to 16383 in arrays, 250,000 others in a map.
class Histogram {
 public:
  void add(std::uint32_t entry, std::uint64_t blocks) {
    if (entry < small_values) {
      small_[entry][0] += blocks;
    } else if (const auto known = large_.find(entry); known != large_.end()) {
      known->second += blocks;
    } else if (std::ssize(large_) < most_large_values) {
      large_.emplace(entry, blocks);
    } else {
      cut_ = true;
      cut_blocks_ += blocks;
    }
    greatest_ = std::max(greatest_, entry);
  }

  // Precondition: 64 entries, and one before them.
  void add_group(const std::uint32_t* entries) {
    if (groups_to_count_ > 0) {
      --groups_to_count_;
      return add_each(entries);
    }
    std::uint64_t begins = ~group_mask(entries, 0).same_as_before;
    if (std::popcount(begins) > most_runs) {
      groups_to_count_ = looks_apart;
      return add_each(entries);
    }
    unsigned begin = 0;
    for (; begins != 0; begins &= begins - 1) {
      const auto end = static_cast<unsigned>(std::countr_zero(begins));
      if (end > begin) add(entries[begin], end - begin);
      begin = end;
    }
    add(entries[begin], group_entries - begin);
  }

  [[nodiscard]] TableTotals totals(const TableShape& shape, std::uint32_t last_entry) {
    TableTotals totals{.greatest_entry = greatest_, .epochs = {}, .epochs_cut = cut_};
    const auto note = [&](std::uint32_t epoch, std::uint64_t blocks) {
      totals.written_blocks += blocks;
      totals.epochs.push_back({epoch, blocks, blocks * shape.block_bytes});
    };
    for (std::uint32_t value = 1; value < small_values; ++value) {
      const std::uint64_t blocks = small_count(value);
      if (blocks == 0) continue;
      note(value, blocks);
      totals.greatest_entry = std::max(totals.greatest_entry, value);
    }
    for (const auto& [value, blocks] : large_) note(value, blocks);
    std::sort(totals.epochs.begin(), totals.epochs.end(),
              [](const EpochTotal& a, const EpochTotal& b) { return a.epoch < b.epoch; });
    // The last block is clipped to the capacity.
    const std::uint64_t beyond = shape.blocks * shape.block_bytes - shape.capacity_bytes;
    for (EpochTotal& epoch : totals.epochs) epoch.bytes -= epoch.epoch == last_entry ? beyond : 0;
    if (cut_) totals.epochs.clear();
    totals.written_blocks += cut_blocks_;
    totals.never_written_blocks = shape.blocks - totals.written_blocks;
    return totals;
  }

 private:
  static constexpr std::size_t lanes = 8;  // histograms; fewer wait for each other, more fill the cache
  static constexpr int most_runs = 8;
  static constexpr unsigned looks_apart = 15;  // after a group of short runs, so many are most likely like it

  void add_each(const std::uint32_t* entries) {
    if (every_bit(entries) >= small_values) {
      for (std::size_t i = 0; i < group_entries; ++i) add(entries[i], 1);
      return;
    }
    for (std::size_t i = 0; i < group_entries; i += lanes) {
      for (std::size_t lane = 0; lane < lanes; ++lane) ++small_[entries[i + lane]][lane];
    }
  }

  [[nodiscard]] std::uint64_t small_count(std::uint32_t value) const {
    return std::accumulate(small_[value].begin(), small_[value].end(), std::uint64_t{0});
  }

  std::vector<std::array<std::uint64_t, lanes>> small_ = std::vector<std::array<std::uint64_t, lanes>>(small_values);
  std::unordered_map<std::uint32_t, std::uint64_t> large_;
  std::uint32_t greatest_ = 0;
  unsigned groups_to_count_ = 0;  // without a look at their runs
  bool cut_ = false;
  std::uint64_t cut_blocks_ = 0;
};

void count_piece(const EntryReader::Piece& piece, Histogram& histogram) {
  std::uint64_t done = 0;
  for (;;) {
    const std::size_t equal = unchanging(piece.entries + done, static_cast<std::size_t>(piece.blocks - done));
    if (equal > 0) histogram.add(*(piece.entries + done - 1), equal);
    done += equal;
    if (done + group_entries > piece.blocks) break;
    histogram.add_group(piece.entries + done);
    done += group_entries;
  }
  for (; done < piece.blocks; ++done) histogram.add(piece.entries[done], 1);
}

}  // namespace

std::optional<TableShape> table_shape(const Reading& reading) {
  if (!reading.blocks || !reading.block_sectors || !reading.capacity_sectors) return std::nullopt;
  const auto capacity = core::checked_multiply(*reading.capacity_sectors, core::sector_bytes);
  if (!capacity) return std::nullopt;
  return TableShape{.table_offset_bytes = header_bytes,
                    .blocks = *reading.blocks,
                    .block_bytes = *reading.block_sectors * core::sector_bytes,
                    .capacity_bytes = *capacity};
}

void add(TableTotals& sum, const TableTotals& part) {
  sum.written_blocks += part.written_blocks;
  sum.never_written_blocks += part.never_written_blocks;
  sum.greatest_entry = std::max(sum.greatest_entry, part.greatest_entry);
  std::vector<EpochTotal> both;
  std::merge(sum.epochs.begin(), sum.epochs.end(), part.epochs.begin(), part.epochs.end(), std::back_inserter(both),
             [](const EpochTotal& a, const EpochTotal& b) { return a.epoch < b.epoch; });
  sum.epochs.clear();
  for (const EpochTotal& epoch : both) {
    if (sum.epochs.empty() || sum.epochs.back().epoch != epoch.epoch) {
      sum.epochs.push_back(epoch);
      continue;
    }
    sum.epochs.back().blocks += epoch.blocks;
    sum.epochs.back().bytes += epoch.bytes;
  }
  const auto large = std::count_if(sum.epochs.begin(), sum.epochs.end(),
                                   [](const EpochTotal& epoch) { return epoch.epoch >= small_values; });
  sum.epochs_cut = sum.epochs_cut || part.epochs_cut || large > most_large_values;
  if (sum.epochs_cut) sum.epochs.clear();
}

core::Result<TableTotals> total(const core::ByteSource& file, const TableShape& shape) {
  EntryReader reader(file, shape);
  Histogram histogram;
  std::uint32_t last_entry = 0;
  for (;;) {
    const auto piece = reader.next();
    if (!piece) return piece.error();
    if (piece->blocks == 0) return histogram.totals(shape, last_entry);
    last_entry = piece->entries == nullptr ? 0 : piece->entries[piece->blocks - 1];
    if (piece->entries == nullptr) {
      histogram.add(0, piece->blocks);
    } else {
      count_piece(*piece, histogram);
    }
  }
}

bool join(ChangedExtent& last, const ChangedExtent& next, const ChangeQuery& query) {
  if (last.offset_bytes + last.length_bytes != next.offset_bytes) return false;
  if (!query.merge_across_epochs && last.epoch != next.epoch) return false;
  last.length_bytes += next.length_bytes;
  last.epoch = std::max(last.epoch, next.epoch);
  return true;
}

core::Status visit_changed(const core::ByteSource& file, const TableShape& shape, const ChangeQuery& query,
                           const ExtentSink& sink) {
  EntryReader reader(file, shape);
  ExtentFinder finder(shape, query, sink);
  for (;;) {
    const auto piece = reader.next();
    if (!piece) return piece.error();
    if (piece->blocks == 0) break;
    if (piece->entries == nullptr) {
      finder.hole(piece->first_block);
    } else {
      finder.piece(*piece);
    }
  }
  finder.finish();
  return core::success();
}

}  // namespace formats::ctk
