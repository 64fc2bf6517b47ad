// Tables are read a piece at a time and the last piece of each is kept: neighbouring questions cost nothing. A run goes
// on over as many grains as continue it, so that a map of a large disk has few runs.
#include "disk/extent.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "formats/core/checked.h"
#include "formats/vmdk/sparse.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::vmdk::ExtentKind;

Error malformed(const std::string& message) { return {ErrorKind::malformed, message}; }

Result<std::size_t> read_whole(const ByteSource& source, std::uint64_t offset, std::span<std::byte> out) {
  const auto count = source.read_at(offset, out);
  if (!count) return count.error();
  if (*count != out.size()) {
    return Error{ErrorKind::truncated, "the file ends at byte " + std::to_string(source.size_bytes()) +
                                           ", data is expected up to byte " + std::to_string(offset + out.size())};
  }
  return *count;
}

class ZeroExtent final : public Extent {
 public:
  Result<Run> run_at(std::uint64_t, std::uint64_t most_bytes) const override {
    return Run{Allocation::zero, most_bytes};
  }
  Result<std::size_t> read(const Run&, std::uint64_t, std::span<std::byte> out) const override {
    std::fill(out.begin(), out.end(), std::byte{0});
    return out.size();
  }
};

class FlatExtent final : public Extent {
 public:
  FlatExtent(std::shared_ptr<const ByteSource> source, std::uint64_t begin_bytes)
      : source_(std::move(source)), begin_(begin_bytes) {}

  Result<Run> run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const override {
    const std::uint64_t at = begin_ + offset_bytes;
    if (at >= source_->size_bytes())
      return malformed("the flat extent ends at byte " + std::to_string(source_->size_bytes()));
    const auto data = source_->next_data(at);
    if (!data) return data.error();
    const std::uint64_t begin = data->length_bytes == 0 ? source_->size_bytes() : data->offset_bytes;
    if (begin > at) return Run{Allocation::zero, std::min(begin - at, most_bytes)};
    return Run{Allocation::data, std::min(data->offset_bytes + data->length_bytes - at, most_bytes), at};
  }
  Result<std::size_t> read(const Run&, std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    return read_whole(*source_, begin_ + offset_bytes, out);
  }

 private:
  std::shared_ptr<const ByteSource> source_;
  std::uint64_t begin_;
};

// A table of integers in the file, of which one piece is kept.
template <typename Entry>
class TableReader {
 public:
  static constexpr std::size_t piece_entries = 4096;

  // Entry `index` of the table that begins at `offset_bytes`.
  Result<Entry> at(const ByteSource& source, std::uint64_t offset_bytes, std::uint64_t index) const {
    const std::uint64_t piece = index / piece_entries;
    const std::uint64_t begin = offset_bytes + piece * piece_entries * sizeof(Entry);
    if (begin != begin_ || entries_.empty()) {
      entries_.assign(piece_entries, 0);
      const auto count = source.read_at(begin, std::as_writable_bytes(std::span(entries_)));
      if (!count) {
        entries_.clear();
        return count.error();
      }
      begin_ = begin;
      known_ = *count / sizeof(Entry);
    }
    const auto place = static_cast<std::size_t>(index % piece_entries);
    if (place >= known_)
      return Error{ErrorKind::truncated, "a table ends with the file at byte " + std::to_string(source.size_bytes())};
    return entries_[place];
  }

 private:
  mutable std::vector<Entry> entries_;
  mutable std::uint64_t begin_ = 0;
  mutable std::size_t known_ = 0;
};

// What the three sparse formats share: grains of one size, each at a sector, zero, or not here.
struct Grain {
  Allocation allocation = Allocation::parent;
  std::uint64_t sector = 0;
  std::uint64_t whole_grains = 1;  // all of this many grains from here on are alike and not data
};

class SparseExtent : public Extent {
 public:
  SparseExtent(std::shared_ptr<const ByteSource> source, std::uint64_t grain_sectors, std::uint64_t capacity_sectors)
      : source_(std::move(source)),
        grain_bytes_(grain_sectors * sector_bytes),
        capacity_bytes_(capacity_sectors * sector_bytes) {}

  Result<Run> run_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const override {
    const std::scoped_lock lock(mutex_);  // the tables' kept pieces
    if (offset_bytes >= capacity_bytes_)
      return malformed("the sparse extent's capacity is " + std::to_string(capacity_bytes_) + " bytes");
    const std::uint64_t end = offset_bytes + std::min(most_bytes, capacity_bytes_ - offset_bytes);
    std::uint64_t number = offset_bytes / grain_bytes_;
    const auto first = grain(number);
    if (!first) return first.error();
    Run run{.allocation = first->allocation};
    const std::uint64_t within = offset_bytes % grain_bytes_;
    if (run.allocation == Allocation::data) {
      run.is_compressed = is_compressed();
      run.file_offset_bytes = first->sector * sector_bytes + (run.is_compressed ? 0 : within);
      run.grain_offset_bytes = offset_bytes - (run.is_compressed ? within : 0);
    }
    std::uint64_t covered = (number + first->whole_grains) * grain_bytes_;
    number += first->whole_grains;
    while (covered < end && !run.is_compressed) {
      const auto next = grain(number);
      if (!next) break;  // told when it is asked for
      const bool follows =
          next->allocation == run.allocation &&
          (run.allocation != Allocation::data ||
           next->sector * sector_bytes == run.file_offset_bytes + (number * grain_bytes_ - offset_bytes));
      if (!follows) break;
      covered += next->whole_grains * grain_bytes_;
      number += next->whole_grains;
    }
    run.length_bytes = std::min(covered, end) - offset_bytes;
    return run;
  }

  Result<std::size_t> read(const Run& run, std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    if (run.is_compressed) return read_compressed(run, offset_bytes, out);
    return read_whole(*source_, run.file_offset_bytes + (offset_bytes - run.grain_offset_bytes), out);
  }

 protected:
  [[nodiscard]] virtual Result<Grain> grain(std::uint64_t number) const = 0;
  [[nodiscard]] virtual bool is_compressed() const { return false; }
  [[nodiscard]] const ByteSource& source() const { return *source_; }
  [[nodiscard]] std::uint64_t grain_bytes() const { return grain_bytes_; }
  [[nodiscard]] std::uint64_t capacity_bytes() const { return capacity_bytes_; }

  // A table that all lies in the file, from sector `sector` on.
  [[nodiscard]] Result<std::uint64_t> inside(std::uint64_t sector, const char* what) const {
    const auto begin = formats::core::checked_multiply(sector, sector_bytes);
    if (!begin || *begin >= source_->size_bytes()) {
      return malformed(std::string(what) + " at sector " + std::to_string(sector) + " lies past the end of the file");
    }
    return *begin;
  }

 private:
  Result<std::size_t> read_compressed(const Run& run, std::uint64_t offset_bytes, std::span<std::byte> out) const {
    const std::scoped_lock lock(mutex_);
    if (inflated_at_ != run.file_offset_bytes || inflated_.empty()) {
      constexpr std::size_t marker_bytes = 12;  // u64 sector, u32 length
      std::array<std::byte, marker_bytes> marker{};
      if (const auto read = read_whole(*source_, run.file_offset_bytes, marker); !read) return read.error();
      std::uint32_t packed_bytes = 0;
      std::memcpy(&packed_bytes, marker.data() + 8, sizeof packed_bytes);
      if (packed_bytes == 0 || packed_bytes > grain_bytes_ * 2 + 1024)
        return malformed("a compressed grain of " + std::to_string(packed_bytes) + " bytes at byte " +
                         std::to_string(run.file_offset_bytes));
      std::vector<std::byte> packed(packed_bytes);
      if (const auto read = read_whole(*source_, run.file_offset_bytes + marker_bytes, packed); !read)
        return read.error();
      inflated_.assign(static_cast<std::size_t>(grain_bytes_), std::byte{0});
      uLongf length = static_cast<uLongf>(inflated_.size());
      const int status = ::uncompress(reinterpret_cast<Bytef*>(inflated_.data()), &length,
                                      reinterpret_cast<const Bytef*>(packed.data()), packed_bytes);
      if (status != Z_OK) {
        inflated_.clear();
        return malformed("the compressed grain at byte " + std::to_string(run.file_offset_bytes) + " does not unpack");
      }
      inflated_at_ = run.file_offset_bytes;
    }
    std::memcpy(out.data(), inflated_.data() + (offset_bytes - run.grain_offset_bytes), out.size());
    return out.size();
  }

  std::shared_ptr<const ByteSource> source_;
  std::uint64_t grain_bytes_;
  std::uint64_t capacity_bytes_;
  mutable std::mutex mutex_;
  mutable std::vector<std::byte> inflated_;
  mutable std::uint64_t inflated_at_ = 0;
};

// u32 directory and tables of `entries_per_table` sectors; 0: not here.
class DirectoryExtent final : public SparseExtent {
 public:
  struct Shape {
    std::uint64_t grain_sectors = 0;
    std::uint64_t capacity_sectors = 0;
    std::uint64_t directory_sector = 0;
    std::uint64_t directory_entries = 0;
    std::uint64_t entries_per_table = 0;
    bool one_is_zero = false;
    bool compressed = false;
  };
  DirectoryExtent(std::shared_ptr<const ByteSource> source, const Shape& shape)
      : SparseExtent(std::move(source), shape.grain_sectors, shape.capacity_sectors), shape_(shape) {}

 protected:
  Result<Grain> grain(std::uint64_t number) const override {
    const std::uint64_t table = number / shape_.entries_per_table;
    const std::uint64_t left_in_table = shape_.entries_per_table - number % shape_.entries_per_table;
    if (table >= shape_.directory_entries)
      return malformed("grain " + std::to_string(number) + " lies past the grain directory");
    const auto sector = directory_.at(source(), shape_.directory_sector * sector_bytes, table);
    if (!sector) return sector.error();
    if (*sector == 0) return Grain{Allocation::parent, 0, left_in_table};
    const auto begin = inside(*sector, "a grain table");
    if (!begin) return begin.error();
    const auto entry = table_.at(source(), *begin, number % shape_.entries_per_table);
    if (!entry) return entry.error();
    if (*entry == 0) return Grain{};
    if (*entry == 1 && shape_.one_is_zero) return Grain{.allocation = Allocation::zero};
    const auto place = inside(*entry, "a grain");
    if (!place) return place.error();
    return Grain{Allocation::data, *entry, 1};
  }
  bool is_compressed() const override { return shape_.compressed; }

 private:
  Shape shape_;
  TableReader<std::uint32_t> directory_;
  TableReader<std::uint32_t> table_;
};

class SeSparseExtent final : public SparseExtent {
 public:
  SeSparseExtent(std::shared_ptr<const ByteSource> source, const formats::vmdk::SeSparseHeader& header)
      : SparseExtent(std::move(source), header.grain_sectors, header.capacity_sectors), header_(header) {}

 protected:
  Result<Grain> grain(std::uint64_t number) const override {
    constexpr std::uint64_t entries_per_table = 4096;
    const auto directory =
        directory_.at(source(), header_.grain_directory_sector * sector_bytes, number / entries_per_table);
    if (!directory) return directory.error();
    if (*directory == 0) return Grain{Allocation::parent, 0, entries_per_table - number % entries_per_table};
    if (*directory >> 32 != 0x10000000)
      return malformed("a grain directory entry of unknown kind for grain " + std::to_string(number));
    const std::uint64_t index = *directory & 0xFFFFFFFF;
    const auto begin = inside(header_.grain_tables_sector + index * header_.grain_table_sectors, "a grain table");
    if (!begin) return begin.error();
    const auto entry = table_.at(source(), *begin, number % entries_per_table);
    if (!entry) return entry.error();
    return decode(*entry, number);
  }

 private:
  [[nodiscard]] Result<Grain> decode(std::uint64_t entry, std::uint64_t number) const {
    switch (entry >> 60) {
      case 0:
        if (entry == 0) return Grain{};
        break;
      case 1:  // unmapped by the guest: zeros
      case 2:
        return Grain{.allocation = Allocation::zero};
      case 3: {
        const std::uint64_t index = ((entry & 0x0FFF000000000000) >> 48) | ((entry & 0x0000FFFFFFFFFFFF) << 12);
        const auto offset = formats::core::checked_multiply(index, header_.grain_sectors);
        const auto sector = offset ? formats::core::checked_add(*offset, header_.grains_sector) : std::nullopt;
        const auto place = inside(sector.value_or(~std::uint64_t{0}), "a grain");
        if (!place) return place.error();
        return Grain{Allocation::data, *sector, 1};
      }
      default:
        break;
    }
    return malformed("a grain table entry of unknown kind for grain " + std::to_string(number));
  }

  formats::vmdk::SeSparseHeader header_;
  TableReader<std::uint64_t> directory_;
  TableReader<std::uint64_t> table_;
};

Result<std::unique_ptr<Extent>> open_sparse(std::shared_ptr<const ByteSource> source) {
  auto decoded = formats::vmdk::decode_sparse(*source);
  if (!decoded) return decoded.error();
  if (decoded->grain_bytes() == 0) return malformed("the sparse extent's grains have no size");
  if (decoded->volatile_header && decoded->volatile_header->replay_journal != 0) {
    return Error{ErrorKind::unsupported,
                 "stopped uncleanly: its journal must be replayed before its tables can be read"};
  }
  if (const auto* cowd = std::get_if<formats::vmdk::CowdHeader>(&decoded->header)) {
    return std::unique_ptr<Extent>(std::make_unique<DirectoryExtent>(
        source, DirectoryExtent::Shape{cowd->grain_sectors, cowd->capacity_sectors, cowd->grain_directory_sector,
                                       cowd->grain_directory_entries, 4096, true, false}));
  }
  if (const auto* sesparse = std::get_if<formats::vmdk::SeSparseHeader>(&decoded->header)) {
    if (sesparse->grain_table_sectors != 64)
      return malformed("the grain tables have " + std::to_string(sesparse->grain_table_sectors) +
                       " sectors, expected 64");
    return std::unique_ptr<Extent>(std::make_unique<SeSparseExtent>(source, *sesparse));
  }
  auto hosted = std::get<formats::vmdk::HostedSparseHeader>(decoded->header);
  constexpr std::uint64_t at_end = ~std::uint64_t{0};
  if (hosted.grain_directory_sector == at_end) {  // streamOptimized: the footer, a copy of the header, knows
    constexpr std::uint64_t footer_from_end = 1024;
    if (source->size_bytes() < footer_from_end) return malformed("the stream has no footer");
    const auto bytes = formats::core::read_exact(*source, source->size_bytes() - footer_from_end, sector_bytes);
    if (!bytes) return bytes.error();
    const auto footer = formats::core::load<formats::vmdk::HostedSparseHeader>(*bytes);
    if (!footer || footer->magic != hosted.magic) return malformed("the stream has no footer where it must be");
    hosted = *footer;
  }
  if (hosted.grain_table_entries == 0) return malformed("the grain tables have no entries");
  const std::uint64_t grains = formats::core::divide_up(hosted.capacity_sectors, hosted.grain_sectors);
  constexpr std::uint32_t zeroed_grains = 4;
  return std::unique_ptr<Extent>(std::make_unique<DirectoryExtent>(
      source,
      DirectoryExtent::Shape{hosted.grain_sectors, hosted.capacity_sectors, hosted.grain_directory_sector,
                             formats::core::divide_up(grains, hosted.grain_table_entries), hosted.grain_table_entries,
                             (hosted.flags & zeroed_grains) != 0, hosted.compression != 0}));
}

}  // namespace

Result<std::unique_ptr<Extent>> open_extent(const formats::vmdk::ExtentLine& line,
                                            std::shared_ptr<const ByteSource> source) {
  switch (line.kind) {
    case ExtentKind::zero:
      return std::unique_ptr<Extent>(std::make_unique<ZeroExtent>());
    case ExtentKind::flat:
    case ExtentKind::vmfs:
      return std::unique_ptr<Extent>(
          std::make_unique<FlatExtent>(std::move(source), line.offset_sectors * sector_bytes));
    case ExtentKind::vmfs_rdm:
      return std::unique_ptr<Extent>(std::make_unique<FlatExtent>(std::move(source), 0));
    case ExtentKind::vmfs_sparse:
    case ExtentKind::sesparse:
    case ExtentKind::sparse:
      return open_sparse(std::move(source));
    case ExtentKind::vsan_sparse:
    case ExtentKind::vmfs_raw:
    case ExtentKind::other:
      break;
  }
  return Error{ErrorKind::unsupported, "an extent of type " + line.type + " cannot be read"};
}

}  // namespace cbtctl::disk
