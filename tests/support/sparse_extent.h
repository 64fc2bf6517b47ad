// A sparse extent of each kind, built entry by entry, for tests of its tables.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "formats/vmdk/grain_table.h"

namespace support {

inline constexpr std::size_t sector = 512;

class SparseBuilder {
 public:
  // COWD of `grains` grains of one sector: directory in sector 4, tables from sector 8 on, 32 sectors each.
  static SparseBuilder cowd(std::uint64_t grains, std::uint64_t file_sectors);
  // seSparse, grains of 4 KiB: directory in sector 8 (512 entries), tables from sector 16 on, grains from sector 400
  // on.
  static SparseBuilder sesparse(std::uint64_t grains, std::uint64_t file_sectors);
  // Hosted, grains of 64 KiB, 512 entries a table of 4 sectors: directory in sector 1, tables from sector 2 on.
  static SparseBuilder hosted(std::uint64_t grains, std::uint64_t file_sectors);

  SparseBuilder& put32(std::uint64_t offset, std::uint32_t value) { return put(offset, &value, sizeof value); }
  SparseBuilder& put64(std::uint64_t offset, std::uint64_t value) { return put(offset, &value, sizeof value); }
  SparseBuilder& fill(std::uint64_t at_sector, std::uint64_t sectors, char value) {
    bytes.replace(at_sector * sector, sectors * sector, sectors * sector, value);
    return *this;
  }
  std::string bytes;

 private:
  SparseBuilder& put(std::uint64_t offset, const void* value, std::size_t size) {
    std::memcpy(bytes.data() + offset, value, size);
    return *this;
  }
};

inline SparseBuilder SparseBuilder::cowd(std::uint64_t grains, std::uint64_t file_sectors) {
  SparseBuilder extent{.bytes = std::string(file_sectors * sector, '\0')};
  formats::vmdk::CowdHeader header{};
  header.magic = 0x44574F43;
  header.version = 1;
  header.flags = 3;
  header.capacity_sectors = static_cast<std::uint32_t>(grains);
  header.grain_sectors = 1;
  header.grain_directory_sector = 4;
  header.grain_directory_entries = static_cast<std::uint32_t>((grains + 4095) / 4096);
  extent.put(0, &header, sizeof header);
  return extent;
}

inline SparseBuilder SparseBuilder::sesparse(std::uint64_t grains, std::uint64_t file_sectors) {
  SparseBuilder extent{.bytes = std::string(file_sectors * sector, '\0')};
  formats::vmdk::SeSparseHeader header{};
  header.magic = 0xcafebabe;
  header.version = 0x200000001;
  header.capacity_sectors = grains * 8;
  header.grain_sectors = 8;
  header.grain_table_sectors = 64;
  header.volatile_header_sector = 1;
  header.volatile_header_sectors = 1;
  header.grain_directory_sector = 8;
  header.grain_directory_sectors = 8;
  header.grain_tables_sector = 16;
  header.grain_tables_sectors = 384;
  header.grains_sector = 400;
  header.grains_sectors = grains * 8;
  extent.put(0, &header, sizeof header);
  return extent.put64(sector, 0xCAFECAFE);
}

inline SparseBuilder SparseBuilder::hosted(std::uint64_t grains, std::uint64_t file_sectors) {
  SparseBuilder extent{.bytes = std::string(file_sectors * sector, '\0')};
  formats::vmdk::HostedSparseHeader header{};
  header.magic = 0x564d444b;
  header.version = 1;
  header.flags = 3;
  header.capacity_sectors = grains * 128;
  header.grain_sectors = 128;
  header.grain_table_entries = 512;
  header.grain_directory_sector = 1;
  header.overhead_sectors = 128;
  std::memcpy(header.line_end_probe.data(), "\n \r\n", 4);
  extent.put(0, &header, sizeof header);
  return extent;
}

// Bytes, and behind them a hole up to a size that no memory has; counts what is read.
class HoleSource final : public formats::core::ByteSource {
 public:
  HoleSource(std::string bytes, std::uint64_t size_bytes) : bytes_(std::move(bytes)), size_(size_bytes) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return size_; }
  [[nodiscard]] formats::core::Result<std::size_t> read_at(std::uint64_t offset_bytes,
                                                           std::span<std::byte> out) const override {
    if (offset_bytes >= size_) return std::size_t{0};
    out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset_bytes)));
    std::fill(out.begin(), out.end(), std::byte{0});
    const auto read = formats::core::SpanSource(std::as_bytes(std::span(bytes_))).read_at(offset_bytes, out);
    read_bytes += out.size();
    return read ? formats::core::Result<std::size_t>(out.size()) : read;
  }
  [[nodiscard]] formats::core::Result<formats::core::ByteRange> next_data(std::uint64_t offset_bytes) const override {
    if (offset_bytes >= bytes_.size()) return formats::core::ByteRange{size_, 0};
    return formats::core::ByteRange{offset_bytes, bytes_.size() - offset_bytes};
  }
  mutable std::atomic<std::uint64_t> read_bytes = 0;

 private:
  std::string bytes_;
  std::uint64_t size_;
};

}  // namespace support
