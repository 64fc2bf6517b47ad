// The headers of sparse extents: COWD (vmfsSparse), seSparse and the hosted "KDMV" format, as they lie on the disk,
// and what contradicts itself in them. Tables are read by the room disk. Source: reference/esxi-facts.md section 7.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "formats/core/byte_source.h"
#include "formats/core/defect.h"
#include "formats/core/endian.h"
#include "formats/core/result.h"
#include "formats/vmdk/descriptor.h"

namespace formats::vmdk {

using core::le16;
using core::le32;
using core::le64;

struct CowdHeader {
  le32 magic;  // "COWD"
  le32 version;
  le32 flags;
  le32 capacity_sectors;
  le32 grain_sectors;
  le32 grain_directory_sector;
  le32 grain_directory_entries;
  le32 next_free_sector;
  std::array<std::byte, 2016> rest{};  // root: file geometry; child: parent name and generation
};
static_assert(sizeof(CowdHeader) == 2048);

struct SeSparseHeader {
  le64 magic;  // 0xcafebabe
  le64 version;
  le64 capacity_sectors;
  le64 grain_sectors;
  le64 grain_table_sectors;
  le64 flags;
  std::array<le64, 4> reserved{};
  le64 volatile_header_sector, volatile_header_sectors;
  le64 journal_header_sector, journal_header_sectors;
  le64 journal_sector, journal_sectors;
  le64 grain_directory_sector, grain_directory_sectors;
  le64 grain_tables_sector, grain_tables_sectors;
  le64 free_bitmap_sector, free_bitmap_sectors;
  le64 back_map_sector, back_map_sectors;
  le64 grains_sector, grains_sectors;
  std::array<std::byte, 304> padding{};
};
static_assert(sizeof(SeSparseHeader) == 512);

struct SeSparseVolatileHeader {
  le64 magic;  // 0xcafecafe
  le64 free_grain_table_number;
  le64 next_transaction_number;
  le64 replay_journal;  // not 0: stopped uncleanly, the tables may not be interpreted
  std::array<std::byte, 480> padding{};
};
static_assert(sizeof(SeSparseVolatileHeader) == 512);

struct HostedSparseHeader {
  le32 magic;  // "KDMV"
  le32 version;
  le32 flags;
  le64 capacity_sectors;
  le64 grain_sectors;
  le64 descriptor_sector;
  le64 descriptor_sectors;
  le32 grain_table_entries;
  le64 redundant_grain_directory_sector;
  le64 grain_directory_sector;
  le64 overhead_sectors;
  std::uint8_t unclean_shutdown = 0;
  std::array<std::byte, 4> line_end_probe{};  // "\n \r\n"; anything else: a transfer in text mode
  le16 compression;                           // 0 none, 1 deflate
  std::array<std::byte, 433> padding{};

  // A stream's directory is known to its footer alone.
  [[nodiscard]] bool has_footer() const { return grain_directory_sector == 0xFFFFFFFFFFFFFFFF; }
};
static_assert(sizeof(HostedSparseHeader) == 512);

// One decoded sparse extent: its header, whichever it is.
struct SparseExtent {
  std::variant<CowdHeader, SeSparseHeader, HostedSparseHeader> header;
  std::optional<SeSparseVolatileHeader> volatile_header;
  std::optional<std::string> embedded_descriptor;  // hosted sparse, NUL padding cut off

  [[nodiscard]] std::uint64_t capacity_bytes() const;  // saturates at 2^64-1
  [[nodiscard]] std::uint64_t grain_bytes() const;
  [[nodiscard]] bool is_stream_optimized() const;  // hosted, with compressed grains
  [[nodiscard]] bool is_unclean() const;           // unclean flag, or a journal to replay
  // Where an embedded descriptor ends, as far as it is read; 0: there is none.
  [[nodiscard]] std::uint64_t embedded_end_bytes() const;
};

// The end of the bytes that an embedded descriptor is read from: every writer that is known has it in the second
// sector, and a byte more than the longest tells that it is too long.
inline constexpr std::size_t max_embedded_end_bytes = (std::size_t{64} << 10U) + max_descriptor_bytes + 1;

// Reads the header (and an embedded descriptor) from the extent. `malformed`: none of the three magics, or a descriptor
// that is too long or ends too far behind; `truncated`: shorter than its header. Absurd values decode: `check` lists
// them.
core::Result<SparseExtent> decode_sparse(const core::ByteSource& extent);

// A copy of the header before the stream's last sector. `truncated` where there is none.
core::Result<HostedSparseHeader> decode_footer(const core::ByteSource& file);

// What contradicts itself or the file: versions, zero or non-power-of-two grains, directory and tables past the end
// of the file, directory too small for the capacity, unclean flag, journal to replay, magic damaged by a text-mode
// transfer. With `descriptor_capacity_bytes` also a capacity that differs from the descriptor's extent line.
core::Defects check(const SparseExtent& extent, std::uint64_t file_bytes,
                    std::optional<std::uint64_t> descriptor_capacity_bytes);

// The same of the footer, held against the header too; empty where the header needs none. The error is that of a read.
core::Result<core::Defects> check_footer(const SparseExtent& extent, const core::ByteSource& file);

// What the first sector of a disk's content shows.
enum class DiskSignature { none, mbr, gpt };
[[nodiscard]] DiskSignature first_sector_signature(std::span<const std::byte> first_two_sectors);
[[nodiscard]] std::string_view name_of(DiskSignature signature);  // "none", "MBR", "GPT"

}  // namespace formats::vmdk
