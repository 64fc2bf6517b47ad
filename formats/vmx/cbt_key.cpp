#include "formats/vmx/cbt_key.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "formats/text/document.h"
#include "formats/vmx/slot.h"

namespace formats::vmx {
namespace {

constexpr std::size_t most_slips = 2;
constexpr std::array<std::string_view, 3> meant_keys{"ctkenabled", "ctkdisallowed", "changetrackingenabled"};
constexpr std::size_t longest_key = std::max({meant_keys[0].size(), meant_keys[1].size(), meant_keys[2].size()});

bool could_be(std::size_t size, std::string_view meant) {
  return size + most_slips >= meant.size() && size <= meant.size() + most_slips;
}

// Whether no more than two letters were left out, added or exchanged (two that changed places are two): the edit
// distance, given up as soon as every way to go on has more.
bool is_slip_of(std::string_view written, std::string_view meant) {
  if (!could_be(written.size(), meant)) return false;
  std::array<std::size_t, longest_key + 1> row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= written.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    std::size_t least = i;
    for (std::size_t j = 1; j <= meant.size(); ++j) {
      const std::size_t exchanged = diagonal + (written[i - 1] == meant[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, exchanged}));
      least = std::min(least, row[j]);
    }
    if (least > most_slips) return false;
  }
  return row[meant.size()] <= most_slips;
}

}  // namespace

bool is_cbt_key(std::string_view key) {
  return key == "ctkenabled" || key == "ctkdisallowed" || key.ends_with(".ctkenabled");
}

std::string meant_by(std::string_view written) {
  const std::size_t dot = written.rfind('.');
  const std::size_t head_size = dot == std::string_view::npos ? 0 : dot + 1;
  if (head_size == written.size() || (written[head_size] != 'c' && written[head_size] != 'C')) return {};  // nearly all
  const std::size_t tail_size = written.size() - head_size;
  if (std::none_of(meant_keys.begin(), meant_keys.end(), [&](auto meant) { return could_be(tail_size, meant); }))
    return {};
  const std::string key = text::lower(written);
  const std::string_view head = std::string_view(key).substr(0, head_size);
  const std::string_view tail = std::string_view(key).substr(head_size);
  if (is_cbt_key(tail) || (!head.empty() && !slot_key(key))) return {};
  const auto& [enabled, disallowed, enabled_in_full] = meant_keys;
  if (is_slip_of(tail, enabled) || is_slip_of(tail, enabled_in_full)) return std::string(head) + "ctkEnabled";
  return head.empty() && is_slip_of(tail, disallowed) ? "ctkDisallowed" : "";
}

}  // namespace formats::vmx
