#include "formats/vmx/cbt_key.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "formats/text/document.h"
#include "formats/vmx/slot.h"

namespace formats::vmx {
namespace {

// Whether no more than two letters were left out, added or exchanged (two that changed places are two): the edit
// distance, given up as soon as every way to go on has more.
bool is_slip_of(std::string_view written, std::string_view meant) {
  constexpr std::size_t most_slips = 2;
  const std::size_t longer = std::max(written.size(), meant.size());
  if (longer - std::min(written.size(), meant.size()) > most_slips) return false;
  std::vector<std::size_t> row(meant.size() + 1);
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
  return row.back() <= most_slips;
}

}  // namespace

bool is_cbt_key(std::string_view key) {
  return key == "ctkenabled" || key == "ctkdisallowed" || key.ends_with(".ctkenabled");
}

std::string meant_by(std::string_view written) {
  const std::size_t dot = written.rfind('.');
  const std::size_t head_size = dot == std::string_view::npos ? 0 : dot + 1;
  if (head_size == written.size() || (written[head_size] != 'c' && written[head_size] != 'C')) return {};  // nearly all
  const std::string key = text::lower(written);
  const std::string_view head = std::string_view(key).substr(0, head_size);
  const std::string_view tail = std::string_view(key).substr(head_size);
  if (is_cbt_key(tail) || (!head.empty() && !slot_key(key))) return {};
  if (is_slip_of(tail, "ctkenabled") || is_slip_of(tail, "changetrackingenabled")) {
    return std::string(head) + "ctkEnabled";
  }
  return head.empty() && is_slip_of(tail, "ctkdisallowed") ? "ctkDisallowed" : "";
}

}  // namespace formats::vmx
