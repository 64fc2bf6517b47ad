// The picture for a terminal. The darkest glyph is the newest age, or what is marked.
#include <algorithm>
#include <array>

#include "report/picture.h"
#include "report/picture_ages.h"
#include "report/reading_json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::size_t most_shades = 4;
constexpr std::size_t most_text_bars = 16;

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}
std::string left(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

class TextPicture {
 public:
  TextPicture(const MapPicture& picture, bool unicode, const Style& style)
      : picture_(picture), style_(style), unicode_(unicode), ages_(ages_of(picture, most_shades)) {
    if (!unicode) glyphs_ = {"-", "+", "o", "#"};
    if (!unicode) never_ = ".";
  }

  [[nodiscard]] std::string print() const {
    std::string out = escaped(picture_.path) + ": " + escaped(picture_.change_id.value_or("no change id")) + ", " +
                      scale_of(picture_) + "\n\n";
    for (std::size_t begin = 0; begin < picture_.cells.size(); begin += picture_.columns) out += row(begin) + "\n";
    out += "\n" + histogram();
    if (!picture_.partitions.empty()) out += "\n" + partitions();
    return out + remarks();
  }

 private:
  [[nodiscard]] std::string remarks() const {
    std::string out;
    if (const auto version = formats::ctk::version_note(picture_.reading)) out += *version + "\n";
    if (const auto words = completeness_words(picture_.completeness); !words.empty()) out += words + "\n";
    return out.empty() ? out : "\n" + out;
  }

  // Ages that are not marked use the glyphs below the darkest where something may be.
  [[nodiscard]] std::string glyph_of(std::uint32_t entry) const {
    if (entry == 0) return tinted(never_, Tint::faint, style_);
    const std::size_t age = age_of(ages_, entry);
    if (ages_[age].is_marked) return tinted(glyphs_.back(), Tint::warning, style_);
    const auto marked = static_cast<std::size_t>(ages_.back().is_marked);
    const std::size_t darkest = most_shades - (picture_.since ? 1 : 0);
    return glyphs_[darkest - (ages_.size() - marked) + age];
  }

  [[nodiscard]] std::string row(std::size_t begin) const {
    std::string out;
    const std::size_t end = std::min(begin + picture_.columns, picture_.cells.size());
    for (std::size_t i = begin; i < end; ++i) out += glyph_of(picture_.cells[i]);
    const std::uint64_t offset = begin * picture_.cell_bytes;
    out += std::string(begin + picture_.columns - end + 2, ' ') + left(human_size(offset), 10);
    for (std::size_t i = 0; i < picture_.partitions.size(); ++i) {
      const auto& partition = picture_.partitions[i];
      const bool is_here = partition.offset_bytes < offset + picture_.columns * picture_.cell_bytes &&
                           offset < partition.offset_bytes + partition.length_bytes;
      if (is_here) out += " " + std::to_string(i + 1);
    }
    return out.substr(0, out.find_last_not_of(' ') + 1);
  }

  [[nodiscard]] std::string histogram() const {
    const auto bars = bars_of(picture_, most_text_bars);
    const std::uint64_t most = most_bytes(bars);
    std::string out;
    for (const Age& bar : bars) {
      const std::string title = title_of(bar) + (bar.is_marked ? ", since " + std::to_string(*picture_.since) : "");
      out += glyph_of(bar.last_epoch) + " " + left(title, 28) + right(human_size(bar.bytes), 10) + "  " +
             line(bar.bytes, most) + "\n";
    }
    return out + tinted(never_, Tint::faint, style_) + " " + left("never written", 28) +
           right(human_size(picture_.never_written_bytes), 10) + "\n";
  }

  [[nodiscard]] std::string line(std::uint64_t bytes, std::uint64_t most) const {
    constexpr double longest = 24;
    const double part = most == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(most);
    std::string out;
    for (double i = 0; i < part * longest; ++i) out += unicode_ ? "█" : "#";
    return out;
  }

  [[nodiscard]] std::string partitions() const {
    std::string out = "partitions of " + escaped(picture_.disk) + "\n";
    for (std::size_t i = 0; i < picture_.partitions.size(); ++i) {
      const auto& partition = picture_.partitions[i];
      out += right(std::to_string(i + 1), 2) + "  " + left(human_size(partition.offset_bytes), 10) + "  " +
             left(human_size(partition.length_bytes), 10) + "  " + escaped(partition.label) + "\n";
    }
    return out;
  }

  const MapPicture& picture_;
  const Style& style_;
  bool unicode_;
  std::vector<Age> ages_;
  std::array<std::string, most_shades> glyphs_{"░", "▒", "▓", "█"};
  std::string never_ = "·";
};

}  // namespace

std::string picture_text(const MapPicture& picture, bool unicode, const Style& style) {
  return TextPicture(picture, unicode, style).print();
}

}  // namespace cbtctl::report
