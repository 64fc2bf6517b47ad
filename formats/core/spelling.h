// How the values of an enum are spelled: one table, read both ways.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace formats::core {

template <typename Enum>
struct Spelling {
  Enum value{};
  std::string_view text;
};

// Every value up to `last` stands in its own row, in the order of the enum; for a static_assert beside each table.
template <typename Enum, std::size_t N>
[[nodiscard]] constexpr bool is_whole(const std::array<Spelling<Enum>, N>& table, Enum last) {
  for (std::size_t i = 0; i < N; ++i) {
    if (static_cast<std::size_t>(table[i].value) != i || table[i].text.empty()) return false;
  }
  return static_cast<std::size_t>(last) + 1 == N;
}

// Precondition: the table is whole.
template <typename Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view text_in(const std::array<Spelling<Enum>, N>& table, Enum value) {
  return table[static_cast<std::size_t>(value)].text;
}

// nullopt where no value is spelled so.
template <typename Enum, std::size_t N>
[[nodiscard]] constexpr std::optional<Enum> value_in(const std::array<Spelling<Enum>, N>& table,
                                                     std::string_view text) {
  for (const Spelling<Enum>& row : table) {
    if (row.text == text) return row.value;
  }
  return std::nullopt;
}

}  // namespace formats::core
