#include "report/picture_ages.h"

#include <algorithm>
#include <span>

#include "report/text.h"

namespace cbtctl::report {
namespace {

using Epochs = std::span<const formats::ctk::EpochTotal>;

void add_groups(Epochs epochs, std::size_t most, bool is_marked, std::vector<Age>& out) {
  const std::size_t before = out.size();
  const std::size_t count = std::min(most, epochs.size());
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    if (out.size() - before <= i * count / epochs.size())
      out.push_back({epochs[i].epoch, epochs[i].epoch, 0, is_marked});
    out.back().last_epoch = epochs[i].epoch;
    out.back().bytes += epochs[i].bytes;
  }
}

// The epochs that are not marked, and those that are.
std::pair<Epochs, Epochs> parts_of(const MapPicture& picture) {
  const auto marked = std::find_if(picture.epochs.begin(), picture.epochs.end(),
                                   [&](const auto& epoch) { return picture.since && epoch.epoch > *picture.since; });
  return {{picture.epochs.begin(), marked}, {marked, picture.epochs.end()}};
}

}  // namespace

std::vector<Age> ages_of(const MapPicture& picture, std::size_t most) {
  const auto [older, marked] = parts_of(picture);
  std::vector<Age> ages;
  add_groups(older, picture.since ? most - 1 : most, false, ages);
  add_groups(marked, 1, true, ages);
  return ages;
}

std::vector<Age> bars_of(const MapPicture& picture, std::size_t most) {
  const auto [older, marked] = parts_of(picture);
  // Both have their share, and no part that is not empty goes without.
  const std::size_t share = most * marked.size() / std::max<std::size_t>(picture.epochs.size(), 1);
  const std::size_t for_marked = std::clamp<std::size_t>(share, marked.empty() ? 0 : 1, most - (older.empty() ? 0 : 1));
  std::vector<Age> bars;
  add_groups(older, most - for_marked, false, bars);
  add_groups(marked, for_marked, true, bars);
  return bars;
}

std::size_t age_of(const std::vector<Age>& ages, std::uint32_t entry) {
  const auto found = std::find_if(ages.begin(), ages.end(), [&](const Age& age) { return entry <= age.last_epoch; });
  return static_cast<std::size_t>(std::min(found, std::prev(ages.end())) - ages.begin());
}

std::string title_of(const Age& age) {
  if (age.first_epoch == age.last_epoch) return "epoch " + std::to_string(age.first_epoch);
  return "epochs " + std::to_string(age.first_epoch) + " to " + std::to_string(age.last_epoch);
}

std::uint64_t most_bytes(const std::vector<Age>& ages) {
  std::uint64_t most = 0;
  for (const Age& age : ages) most = std::max(most, age.bytes);
  return most;
}

std::string scale_of(const MapPicture& picture) {
  return human_size(picture.capacity_bytes) + ", a cell is " + human_size(picture.cell_bytes);
}

}  // namespace cbtctl::report
