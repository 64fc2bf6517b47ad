#include "formats/ctk/layout.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "formats/core/checked.h"
#include "formats/ctk/tracking_file.h"

namespace formats::ctk {
namespace {

using Pairs = std::vector<Pair>;

constexpr std::array<std::size_t, 2> capacity_places{0, 2};  // offsets 16 and 24
constexpr std::uint64_t max_usual_blocks = std::uint64_t{1} << 21U;

struct Question {
  const Header& header;
  std::uint64_t file_bytes = 0;
  std::optional<std::uint64_t> disk_sectors;
};

bool is_part_of_capacity(std::size_t word, std::size_t place) { return word == place || word == place + 1; }

bool is_block_size(std::uint32_t sectors) {
  return core::is_power_of_two(sectors) && sectors >= least_block_sectors && sectors <= greatest_block_sectors;
}

bool holds(const Header& header, std::uint64_t value) {
  return std::ranges::any_of(header.words_16, [&](std::uint32_t word) { return word == value; });
}

// 64 KiB, doubled until there are at most 2^21 blocks.
std::uint64_t usual_block(std::uint64_t capacity_sectors) {
  std::uint64_t block = 128;
  while (core::divide_up(capacity_sectors, block) > max_usual_blocks) block *= 2;
  return block;
}

std::uint64_t end_of_table_bytes(std::uint64_t blocks) { return header_bytes + blocks * entry_bytes; }

bool is_exact(const Pair& pair, std::uint64_t file_bytes) { return file_bytes == end_of_table_bytes(pair.blocks); }

bool is_rounded(const Pair& pair, std::uint64_t file_bytes) {
  return explains(file_bytes, pair.capacity_sectors, pair.block_sectors);
}

std::optional<Pair> pair_of(const Header& header, std::size_t place, std::size_t block_at) {
  const std::uint64_t capacity = wide_word(header, place);
  const std::uint32_t block = header.words_16[block_at];
  if (is_part_of_capacity(block_at, place) || !is_block_size(block) || capacity < block) return std::nullopt;
  Pair pair{.capacity_sectors = capacity,
            .capacity_at = place,
            .block_sectors = block,
            .block_at = block_at,
            .blocks = core::divide_up(capacity, block)};
  for (std::size_t i = 0; i < word_count; ++i)
    pair.is_count[i] = i != block_at && !is_part_of_capacity(i, place) && header.words_16[i] == pair.blocks;
  return pair;
}

Pairs all_pairs(const Header& header) {
  Pairs pairs;
  for (const std::size_t place : capacity_places) {
    for (std::size_t block_at = 0; block_at < word_count; ++block_at) {
      if (auto pair = pair_of(header, place, block_at)) pairs.push_back(*pair);
    }
  }
  return pairs;
}

// Block size and number of blocks could be each other.
bool are_twins(const Pair& a, const Pair& b) {
  return a.capacity_at == b.capacity_at && b.block_at && a.is_count[*b.block_at] && b.block_sectors == a.blocks &&
         b.blocks == a.block_sectors;
}

// Of twins, one of which has the usual block size, only that one counts.
Pairs plausible_pairs(const Header& header) {
  const Pairs pairs = all_pairs(header);
  Pairs plausible;
  for (const Pair& pair : pairs) {
    const std::uint64_t usual = usual_block(pair.capacity_sectors);
    const bool has_usual_twin = std::ranges::any_of(
        pairs, [&](const Pair& other) { return other.block_sectors == usual && are_twins(pair, other); });
    if (pair.block_sectors == usual || !has_usual_twin) plausible.push_back(pair);
  }
  return plausible;
}

template <typename Claim>
Pairs those(const Pairs& pairs, const Claim& claim) {
  Pairs found;
  std::ranges::copy_if(pairs, std::back_inserter(found), claim);
  return found;
}

Pairs standing(const Pairs& pairs) { return those(pairs, &Pair::stands); }

Pairs of_disk(const Pairs& pairs, const Question& question) {
  return those(pairs, [&](const Pair& pair) { return pair.capacity_sectors == question.disk_sectors; });
}

// The one that all agree on.
std::optional<Pair> only(const Pairs& pairs) {
  const auto agrees = [&](const Pair& pair) {
    return pair.capacity_sectors == pairs.front().capacity_sectors && pair.block_sectors == pairs.front().block_sectors;
  };
  return !pairs.empty() && std::ranges::all_of(pairs, agrees) ? std::optional(pairs.front()) : std::nullopt;
}

// 1. The disk's capacity, and the size exactly.
std::optional<Choice> by_disk_and_size(const Pairs& pairs, const Question& question) {
  const auto explains_exactly = [&](const Pair& pair) { return is_exact(pair, question.file_bytes); };
  const Pairs mine = those(of_disk(pairs, question), explains_exactly);
  auto pair = only(standing(mine));
  if (!pair) pair = only(mine);
  return pair ? std::optional(Choice{*pair, Fit::fits}) : std::nullopt;
}

// 2. The disk's capacity and the number of blocks stand: understood whatever the size.
std::optional<Choice> by_disk_and_count(const Pairs& pairs, const Question& question) {
  const auto pair = only(of_disk(standing(pairs), question));
  if (!pair) return std::nullopt;
  if (is_rounded(*pair, question.file_bytes)) return Choice{*pair, Fit::fits};
  return Choice{*pair, question.file_bytes < end_of_table_bytes(pair->blocks) ? Fit::cut : Fit::padded};
}

// 3. What explains the size: exactly and with the number of blocks, exactly, or rounded and with it.
Pairs explaining_pairs(const Pairs& pairs, const Question& question) {
  const Pairs exact = those(pairs, [&](const Pair& pair) { return is_exact(pair, question.file_bytes); });
  if (const Pairs both = standing(exact); !both.empty()) return both;
  if (!exact.empty()) return exact;
  return those(standing(pairs), [&](const Pair& pair) { return is_rounded(pair, question.file_bytes); });
}

Fit fit_to_disk(const Pair& pair, std::optional<std::uint64_t> disk_sectors) {
  if (!disk_sectors) return Fit::fits;
  if (pair.capacity_sectors < *disk_sectors) return Fit::covers_less;
  return pair.capacity_sectors - *disk_sectors < pair.block_sectors ? Fit::fits : Fit::covers_more;
}

std::optional<Choice> by_size(const Pairs& explaining, const Question& question) {
  auto pair = only(explaining);
  if (!pair) pair = only(of_disk(explaining, question));
  if (!pair) return std::nullopt;
  return Choice{*pair, fit_to_disk(*pair, question.disk_sectors)};
}

// 4. The disk's capacity stands, and the number of blocks that the file has: the table was not extended.
std::optional<Choice> with_raised_capacity(const Pairs& pairs, const Question& question) {
  if (question.file_bytes < header_bytes) return std::nullopt;
  const std::uint64_t entries = (question.file_bytes - header_bytes) / entry_bytes;
  if (!holds(question.header, entries)) return std::nullopt;
  for (const Pair& pair : of_disk(pairs, question)) {
    if (entries < pair.blocks) return Choice{pair, Fit::covers_less};
  }
  return std::nullopt;
}

// 5. The number of blocks stands and the block size does not (in bytes, or as a shift): one explains the exact size.
std::optional<Choice> with_derived_block(const Question& question) {
  const auto place = std::ranges::find_if(
      capacity_places, [&](std::size_t each) { return wide_word(question.header, each) == question.disk_sectors; });
  if (!question.disk_sectors || place == capacity_places.end()) return std::nullopt;
  Pairs found;
  for (std::uint32_t block = least_block_sectors; block <= greatest_block_sectors; block *= 2) {
    const Pair pair{.capacity_sectors = *question.disk_sectors,
                    .capacity_at = *place,
                    .block_sectors = block,
                    .block_at = {},
                    .blocks = core::divide_up(*question.disk_sectors, block)};
    if (is_exact(pair, question.file_bytes) && holds(question.header, pair.blocks)) found.push_back(pair);
  }
  return found.size() == 1 ? std::optional(Choice{found.front(), Fit::fits}) : std::nullopt;
}

// The first word without a role that holds the value; whether there is one.
bool set_aside(const Header& header, std::uint64_t value, WordRole role, WordRoles& roles) {
  for (std::size_t i = 0; i < word_count; ++i) {
    if (roles[i] != WordRole::other || header.words_16[i] != value) continue;
    roles[i] = role;
    return true;
  }
  return false;
}

// One occurrence of each number is set aside, so that an epoch that equals one of them is left.
WordRoles roles_of(const Header& header, const Pair& pair) {
  WordRoles roles{};
  roles.fill(WordRole::other);
  roles[pair.capacity_at] = roles[pair.capacity_at + 1] = WordRole::capacity;
  if (pair.block_at) roles[*pair.block_at] = WordRole::block_size;
  if (!set_aside(header, pair.blocks, WordRole::block_count, roles)) {
    set_aside(header, pair.blocks * entry_bytes, WordRole::table_bytes, roles);
    set_aside(header, end_of_table_bytes(pair.blocks), WordRole::file_bytes, roles);
  }
  for (std::size_t i = 0; i < word_count; ++i) {
    if (roles[i] == WordRole::other && header.words_16[i] == 0) roles[i] = WordRole::empty;
  }
  return roles;
}

}  // namespace

std::uint64_t wide_word(const Header& header, std::size_t index) {
  return header.words_16[index] | (std::uint64_t{header.words_16[index + 1]} << 32U);
}

bool Pair::stands() const {
  return std::ranges::any_of(is_count, [](bool is) { return is; });
}

std::optional<Choice> choose(const Header& header, std::uint64_t file_bytes,
                             std::optional<std::uint64_t> disk_sectors) {
  const Question question{header, file_bytes, disk_sectors};
  const Pairs pairs = plausible_pairs(header);
  if (auto choice = by_disk_and_size(pairs, question)) return choice;
  if (auto choice = by_disk_and_count(pairs, question)) return choice;
  const Pairs explaining = explaining_pairs(pairs, question);
  const auto choice = explaining.empty() ? with_raised_capacity(pairs, question) : by_size(explaining, question);
  return choice ? choice : with_derived_block(question);
}

EpochReading read_epoch(const Header& header, const Pair& pair, std::optional<std::uint32_t> newest_entry) {
  EpochReading reading{.epoch = {}, .is_behind_table = false, .roles = roles_of(header, pair)};
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < word_count; ++i) {
    if (reading.roles[i] == WordRole::other) left.push_back(i);
  }
  const bool has_words = !left.empty();
  if (newest_entry) std::erase_if(left, [&](std::size_t i) { return header.words_16[i] < *newest_entry; });
  reading.is_behind_table = has_words && left.empty();
  if (left.size() != 1) return reading;
  reading.epoch = header.words_16[left.front()];
  reading.roles[left.front()] = WordRole::epoch;
  return reading;
}

}  // namespace formats::ctk
