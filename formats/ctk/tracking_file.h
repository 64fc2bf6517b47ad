// A Changed Block Tracking file (`-ctk.vmdk`). Nobody has published the format: fields are found by what must hold,
// and each says how it is known. Source: reference/ctk-format.md; evidence per field in FORMAT.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/core/endian.h"
#include "formats/core/result.h"
#include "formats/ctk/layout.h"

namespace formats::ctk {

inline constexpr std::uint32_t signature = 0xF61972A2;  // bytes a2 72 19 f6
inline constexpr std::size_t header_bytes = 512;
inline constexpr std::size_t entry_bytes = 4;
inline constexpr std::uint32_t least_block_sectors = 32;         // 16 KiB
inline constexpr std::uint32_t greatest_block_sectors = 131072;  // 64 MiB

struct Header {
  core::le32 magic;
  core::le32 version;
  core::le32 word_8;                              // 0 when closed cleanly, or reserved
  core::le32 word_12;                             // 0x200: offset of the table, or a sector size
  std::array<core::le32, word_count> words_16{};  // capacity, blocks, block size, epoch: found by value
  std::array<std::byte, 16> uuid{};
  std::array<std::byte, 452> padding{};
};
static_assert(sizeof(Header) == header_bytes);

enum class Confidence { documented, confirmed, inferred, unknown };
enum class Layout { confirmed, inferred, unrecognised };
[[nodiscard]] std::string_view name_of(Confidence confidence);
[[nodiscard]] std::string_view name_of(Layout layout);

struct Field {
  std::uint32_t offset_bytes = 0;
  std::uint32_t size_bytes = 0;
  std::string name;
  std::string value;
  Confidence confidence = Confidence::unknown;
};

// What a header says, as far as it adds up. All sizes in 512-byte sectors.
struct Reading {
  Layout layout = Layout::unrecognised;
  Fit fit = Fit::not_understood;
  std::optional<std::uint64_t> capacity_sectors;
  std::optional<std::uint32_t> block_sectors;
  std::optional<std::uint64_t> blocks;
  std::optional<std::uint32_t> epoch;             // nothing: the header does not tell it
  std::optional<std::uint32_t> epoch_at_least;    // then, where the table was read: its newest entry
  bool is_behind_table = false;                   // every word that could be the epoch is below the newest entry
  std::optional<std::array<std::byte, 16>> uuid;  // nothing: all zeros
  std::uint32_t version = 0;
  std::uint32_t flags = 0;  // of the word at offset 8: 0 when closed cleanly, or reserved
  WordRoles roles{};
  std::vector<Field> fields;       // every byte of the header, in order; made by `read` with `with_fields`
  std::vector<std::string> notes;  // what was not understood, and why

  [[nodiscard]] bool is_understood() const { return layout != Layout::unrecognised; }
  [[nodiscard]] std::optional<std::string> uuid_text() const;
  [[nodiscard]] std::optional<std::string> change_id() const;  // "52 de ... 65 63/4"; needs UUID and epoch
};

// `truncated`: shorter than the header (also where it is empty); `malformed`: no CTK signature.
core::Result<Header> decode(std::span<const std::byte> head);

// Whether a table of one entry for each block of `block_sectors` of a disk of `capacity_sectors` makes a file of
// `file_bytes`: 512 + 4 * ceil(C/B), or that rounded up to a multiple of 512, 4096 or 65536.
[[nodiscard]] bool explains(std::uint64_t file_bytes, std::uint64_t capacity_sectors, std::uint32_t block_sectors);

struct Circumstances {
  std::optional<std::uint64_t> disk_sectors;  // of the disk that names the file, where that is known
  std::optional<std::uint32_t> newest_entry;  // of the table, where it was read
  bool with_fields = false;
};
// Finds capacity, block size and epoch by what must hold (layout.h). `confirmed`: the numbers add up. `inferred`: they
// do, in a version other than 1. Else `unrecognised`, and nothing is interpreted.
[[nodiscard]] Reading read(const Header& header, std::uint64_t file_bytes, const Circumstances& known = {});

// "version 2, read by the layout of version 1", or that it could not be; nothing of version 1.
[[nodiscard]] std::optional<std::string> version_note(const Reading& reading);

// Where a whole table ends. Precondition: the header is understood.
[[nodiscard]] std::uint64_t table_end_bytes(const Reading& reading);

// How many sectors of the disk the table has entries for. Precondition: the header is understood.
[[nodiscard]] std::uint64_t covered_sectors(const Reading& reading, std::uint64_t file_bytes);

// Some block size from 16 KiB to 64 MiB explains the file's size for a disk of this capacity.
[[nodiscard]] bool size_explains(std::uint64_t file_bytes, std::uint64_t disk_capacity_sectors);

}  // namespace formats::ctk
