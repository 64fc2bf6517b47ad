// Tables are read whole, decoded as arrays, and the last few are kept: neighbouring questions cost nothing, also those
// of two threads at two places. A run goes on over as many grains and tables as continue it, so that the map of a large
// disk has few runs.
#include "disk/sparse_extent.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "disk/grain_unpacker.h"
#include "formats/core/checked.h"
#include "formats/core/read_ahead.h"
#include "formats/vmdk/grain_tables.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::core::Status;
using formats::vmdk::GrainLayout;
using formats::vmdk::place_absent;
using formats::vmdk::place_damaged;
using formats::vmdk::place_zero;

constexpr std::size_t kept_tables = 16;
constexpr std::uint64_t piece_tables = 4096;  // of the directory

Allocation allocation_of(std::uint64_t place) {
  switch (place) {
    case place_absent:
      return Allocation::parent;
    case place_zero:
      return Allocation::zero;
    case place_damaged:
      return Allocation::unreadable;
    default:
      return Allocation::data;
  }
}

class SparseExtent final : public Extent {
 public:
  SparseExtent(std::shared_ptr<const ByteSource> source, formats::vmdk::SparseExtent header, GrainLayout layout,
               std::uint64_t sectors)
      : source_(std::move(source)), header_(std::move(header)), layout_(layout), sectors_(sectors) {}

  Run run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const override {
    const std::uint64_t capacity = layout_.capacity_sectors * sector_bytes;
    if (offset_bytes >= capacity) return {Allocation::unreadable, most_bytes};
    const std::uint64_t end = offset_bytes + std::min(most_bytes, capacity - offset_bytes);
    const std::uint64_t first = offset_bytes / layout_.grain_bytes();
    const std::uint64_t last = formats::core::divide_up(end, layout_.grain_bytes());
    const std::scoped_lock lock(mutex_);
    const Place place = place_at(first, last - first);
    Run run{.allocation = allocation_of(place.place)};
    std::uint64_t grains = place.grains;
    while (first + grains < last && !(run.allocation == Allocation::data && layout_.is_compressed)) {
      const Place next = place_at(first + grains, last - first - grains);
      const std::uint64_t step = run.allocation == Allocation::data ? grains * layout_.grain_sectors : 0;
      if (next.place != place.place + step) break;
      grains += next.grains;
    }
    run.length_bytes = std::min((first + grains) * layout_.grain_bytes(), end) - offset_bytes;
    if (run.allocation == Allocation::data) locate(run, place.place, offset_bytes);
    return run;
  }

  Status read(const Run& run, std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    if (run.allocation == Allocation::unreadable) return why_unreadable(offset_bytes);
    if (run.is_compressed) return read_compressed(run, offset_bytes, out);
    return read_whole(*source_, run.file_offset_bytes + (offset_bytes - run.extent_offset_bytes), out);
  }

  void expect(std::vector<formats::core::ByteRange> ranges) const override {
    formats::core::expect(*source_, std::move(ranges));
  }

  Result<formats::core::Defects> check(Scrutiny scrutiny) const override {
    auto defects = formats::vmdk::check(header_, source_->size_bytes(), sectors_ * sector_bytes);
    const auto at_end = formats::vmdk::check_footer(header_, *source_);
    if (!at_end) return at_end.error();
    defects.insert(defects.end(), at_end->begin(), at_end->end());
    if (scrutiny == Scrutiny::headers) return defects;
    auto in_tables = formats::vmdk::check_tables(*source_, layout_, scrutiny == Scrutiny::everything);
    if (!in_tables) return in_tables.error();
    defects.insert(defects.end(), in_tables->begin(), in_tables->end());
    return defects;
  }

 private:
  struct Table {
    std::uint64_t number = ~std::uint64_t{0};
    std::vector<std::uint64_t> places;
  };
  struct Place {
    std::uint64_t place = place_absent;
    std::uint64_t grains = 1;  // so many from here on go on in the same way
  };

  void locate(Run& run, std::uint64_t sector, std::uint64_t offset_bytes) const {
    const std::uint64_t within = offset_bytes % layout_.grain_bytes();
    run.is_compressed = layout_.is_compressed;
    run.file_offset_bytes = sector * sector_bytes + (run.is_compressed ? 0 : within);
    run.extent_offset_bytes = offset_bytes - (run.is_compressed ? within : 0);
  }

  // Precondition: the mutex is held.
  Place place_at(std::uint64_t grain, std::uint64_t most_grains) const {
    const std::uint64_t table = grain / layout_.table_entries;
    const std::uint64_t index = grain % layout_.table_entries;
    const std::uint64_t begin = table_begin(table);
    if (begin == place_absent || begin == place_damaged) {
      const std::uint64_t alike =
          tables_alike(table, formats::core::divide_up(index + most_grains, layout_.table_entries));
      return {begin, alike * layout_.table_entries - index};
    }
    const auto& places = table_at(table, begin);
    if (places.empty()) return {place_damaged, layout_.table_entries - index};
    const auto rest = std::span(places).subspan(static_cast<std::size_t>(index));
    const auto wanted = rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), most_grains)));
    return {wanted.front(), formats::vmdk::run_length(wanted, layout_)};
  }

  // Where the table lies; a directory that cannot be read is damaged.
  std::uint64_t table_begin(std::uint64_t table) const {
    const std::uint64_t first = table / piece_tables * piece_tables;
    if (directory_.number != first) {
      directory_.places.assign(static_cast<std::size_t>(std::min(piece_tables, layout_.tables() - first)),
                               place_damaged);
      const auto read = formats::vmdk::read_directory(*source_, layout_, first, directory_.places);
      directory_.number = first;
      if (!read) std::fill(directory_.places.begin(), directory_.places.end(), place_damaged);
    }
    return directory_.places[static_cast<std::size_t>(table - first)];
  }

  // How many tables from `table` on, in the directory's piece and at most `most`, are absent or damaged like it.
  std::uint64_t tables_alike(std::uint64_t table, std::uint64_t most) const {
    const auto begin = directory_.places.begin() + static_cast<std::ptrdiff_t>(table - directory_.number);
    const auto left = std::min<std::uint64_t>(most, static_cast<std::uint64_t>(directory_.places.end() - begin));
    const auto end = begin + static_cast<std::ptrdiff_t>(left);
    return static_cast<std::uint64_t>(std::find_if(begin, end, [&](std::uint64_t place) { return place != *begin; }) -
                                      begin);
  }

  const std::vector<std::uint64_t>& table_at(std::uint64_t number, std::uint64_t begin) const {
    Table& table = tables_[static_cast<std::size_t>(number % kept_tables)];
    if (table.number == number) return table.places;
    table.number = number;
    table.places.resize(static_cast<std::size_t>(layout_.table_entries));
    if (!formats::vmdk::read_table(*source_, layout_, begin, table.places)) table.places.clear();
    return table.places;
  }

  Error why_unreadable(std::uint64_t offset_bytes) const {
    if (offset_bytes >= layout_.capacity_sectors * sector_bytes)
      return {ErrorKind::malformed, "the sparse extent's capacity is " +
                                        std::to_string(layout_.capacity_sectors * sector_bytes) +
                                        " bytes, its descriptor gives it " + std::to_string(sectors_ * sector_bytes)};
    const std::uint64_t grain = offset_bytes / layout_.grain_bytes();
    const std::uint64_t table = grain / layout_.table_entries;
    std::array<std::uint64_t, 1> begin{};
    if (const auto read = formats::vmdk::read_directory(*source_, layout_, table, begin); !read) return read.error();
    if (begin[0] == place_damaged) {
      return {ErrorKind::malformed, "the grain directory's entry " + std::to_string(table) + " at byte " +
                                        std::to_string(layout_.directory_entry_offset_bytes(table)) +
                                        " points past the end of the file or is of no known kind"};
    }
    std::vector<std::uint64_t> places(static_cast<std::size_t>(layout_.table_entries));
    if (const auto read = formats::vmdk::read_table(*source_, layout_, begin[0], places); !read) return read.error();
    return {ErrorKind::malformed, "the table entry of grain " + std::to_string(grain) + " at byte " +
                                      std::to_string(begin[0] + grain % layout_.table_entries * layout_.entry_bytes()) +
                                      " points past the end of the file or is of no known kind"};
  }

  Status read_compressed(const Run& run, std::uint64_t offset_bytes, std::span<std::byte> out) const {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t grain = run.extent_offset_bytes / layout_.grain_bytes();
    if (unpacked_grain_ != grain) {
      auto unpacked = unpack_grain(*source_, layout_, grain, run.file_offset_bytes / sector_bytes);
      if (!unpacked) return unpacked.error();
      unpacked_ = std::move(*unpacked);
      unpacked_grain_ = grain;
    }
    std::memcpy(out.data(), unpacked_.data() + (offset_bytes - run.extent_offset_bytes), out.size());
    return formats::core::success();
  }

  std::shared_ptr<const ByteSource> source_;
  formats::vmdk::SparseExtent header_;
  GrainLayout layout_;
  std::uint64_t sectors_;
  mutable std::mutex mutex_;
  mutable Table directory_;
  mutable std::array<Table, kept_tables> tables_;
  mutable std::vector<std::byte> unpacked_;
  mutable std::optional<std::uint64_t> unpacked_grain_;
};

}  // namespace

Result<std::unique_ptr<Extent>> open_sparse_extent(std::shared_ptr<const ByteSource> source, std::uint64_t sectors) {
  auto header = formats::vmdk::decode_sparse(*source);
  if (!header) return header.error();
  const auto layout = formats::vmdk::layout_of(*header, *source);
  if (!layout) return layout.error();
  return std::unique_ptr<Extent>(
      std::make_unique<SparseExtent>(std::move(source), std::move(*header), *layout, sectors));
}

}  // namespace cbtctl::disk
