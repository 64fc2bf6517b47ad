#include "report/picture.h"

#include <algorithm>
#include <array>

#include "report/json.h"
#include "report/picture_levels.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::size_t text_levels = 4;

std::string bar(std::uint64_t bytes, std::uint64_t most, bool unicode) {
  constexpr std::uint64_t width = 24;
  const std::uint64_t length = most == 0 ? 0 : (bytes * width + most - 1) / most;
  std::string out;
  for (std::uint64_t i = 0; i < length; ++i) out += unicode ? "█" : "#";
  return out;
}

}  // namespace

std::vector<Level> levels_of(const MapPicture& picture, std::size_t most) {
  std::vector<Level> levels;
  const std::size_t count = std::min(most, picture.epochs.size());
  for (std::size_t i = 0; i < picture.epochs.size(); ++i) {
    const auto& epoch = picture.epochs[i];
    if (levels.size() <= i * count / picture.epochs.size()) levels.push_back({epoch.epoch, epoch.epoch, 0});
    levels.back().last_epoch = epoch.epoch;
    levels.back().bytes += epoch.bytes;
  }
  return levels;
}

std::size_t level_of(const std::vector<Level>& levels, std::uint32_t entry) {
  const auto found =
      std::find_if(levels.begin(), levels.end(), [&](const Level& level) { return entry <= level.last_epoch; });
  return static_cast<std::size_t>(found == levels.end() ? levels.size() - 1
                                                        : static_cast<std::size_t>(found - levels.begin()));
}

std::string title_of(const Level& level) {
  if (level.first_epoch == level.last_epoch) return "epoch " + std::to_string(level.first_epoch);
  return "epochs " + std::to_string(level.first_epoch) + " to " + std::to_string(level.last_epoch);
}

std::string picture_text(const MapPicture& picture, bool unicode, const Style& style) {
  const std::array<std::string, text_levels> glyphs = unicode
                                                          ? std::array<std::string, text_levels>{"░", "▒", "▓", "█"}
                                                          : std::array<std::string, text_levels>{"-", "+", "o", "#"};
  const std::string never = unicode ? "·" : ".";
  const auto levels = levels_of(picture, text_levels);
  // The newest is always the darkest glyph.
  const std::size_t lightest = text_levels - levels.size();
  std::string out = escaped(picture.path) + ": " + escaped(picture.change_id) + ", " +
                    human_size(picture.capacity_bytes) + ", one cell is " +
                    human_size(picture.capacity_bytes / std::max<std::size_t>(picture.cells.size(), 1)) + "\n\n";
  for (std::size_t row = 0; row * picture_columns < picture.cells.size(); ++row) {
    for (std::size_t column = 0; column < picture_columns && row * picture_columns + column < picture.cells.size();
         ++column) {
      const std::uint32_t entry = picture.cells[row * picture_columns + column];
      const bool marked = picture.since && entry > *picture.since;
      const std::string glyph = entry == 0 || levels.empty() ? never : glyphs[lightest + level_of(levels, entry)];
      out += marked ? (style.color ? tinted(glyph, Tint::warning, style) : glyph)
                    : tinted(glyph, entry == 0 ? Tint::faint : Tint::none, style);
    }
    const std::uint64_t offset = picture.capacity_bytes / picture_rows * row;
    out += "  " + human_size(offset) + "\n";
  }
  out += "\n";
  std::uint64_t most = 0;
  for (const Level& level : levels) most = std::max(most, level.bytes);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    std::string title = title_of(levels[i]);
    title.resize(std::max<std::size_t>(title.size(), 20), ' ');
    std::string size = human_size(levels[i].bytes);
    size.insert(size.begin(), size.size() < 12 ? 12 - size.size() : 0, ' ');
    const bool marked = picture.since && levels[i].last_epoch > *picture.since;
    out += glyphs[lightest + i] + " " + title + size + "  " + bar(levels[i].bytes, most, unicode) +
           (marked ? "  changed since " + std::to_string(*picture.since) : "") + "\n";
  }
  return out + never + " never written      " + human_size(picture.never_written_bytes) + "\n";
}

std::string picture_json(const MapPicture& picture) {
  Json document = envelope("cbtctl.ctk-map/1", 0, {});
  put_text(document, "path", picture.path);
  document["change_id"] = picture.change_id;
  document["capacity_bytes"] = picture.capacity_bytes;
  document["block_size_bytes"] = picture.block_bytes;
  document["columns"] = picture_columns;
  document["cell_bytes"] = picture.capacity_bytes / std::max<std::size_t>(picture.cells.size(), 1);
  document["cells"] = picture.cells;
  document["epochs"] = Json::array();
  for (const auto& epoch : picture.epochs)
    document["epochs"].push_back({{"epoch", epoch.epoch}, {"blocks", epoch.blocks}, {"bytes", epoch.bytes}});
  document["never_written_bytes"] = picture.never_written_bytes;
  return printed(document);
}

}  // namespace cbtctl::report
