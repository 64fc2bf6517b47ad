#include "formats/core/nearest.h"

#include <algorithm>
#include <utility>

#include "formats/core/utf8.h"

namespace formats::core {
namespace {

constexpr std::size_t max_names = 3;
constexpr std::size_t max_length = 200;  // the cost grows with the product of two lengths

// Insertions, deletions, replacements and exchanges of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, std::move(row));
  }
  return last[b.size()];
}

}  // namespace

std::vector<std::string> nearest(std::string_view mistyped, const std::vector<std::string>& names) {
  const std::string wanted = casefolded(mistyped).substr(0, max_length);
  const std::size_t max_distance = std::max<std::size_t>(1, wanted.size() / 3);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : names) {
    const std::string folded = casefolded(name).substr(0, max_length);
    if (folded.size() > wanted.size() + max_distance || wanted.size() > folded.size() + max_distance) continue;
    if (const std::size_t far = distance(wanted, folded); far <= max_distance) near.emplace_back(far, name);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  near.resize(std::min(near.size(), max_names));
  std::vector<std::string> found;
  for (auto& [far, name] : near) found.push_back(std::move(name));
  return found;
}

}  // namespace formats::core
