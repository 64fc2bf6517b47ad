// From top to bottom: what it is; the cells, with offsets on the left and partitions on the right; the ages, with a
// histogram of bytes per epoch beside them; the partitions by name.
#include "report/picture_drawing.h"

#include <algorithm>
#include <array>
#include <functional>

#include "report/picture_ages.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::size_t most_ages = 6;
constexpr std::size_t most_bars = 48;
constexpr std::size_t most_listed = 24;  // partitions
constexpr unsigned margin = 16;
constexpr unsigned axis_width = 68;
constexpr unsigned map_x = margin + axis_width;
constexpr unsigned map_y = 64;
constexpr unsigned strip_gap = 10;
constexpr unsigned strip_width = 14;
constexpr unsigned line_height = 20;
constexpr unsigned square = 14;
constexpr unsigned legend_width = 390;
constexpr unsigned chart_x = 440;
constexpr unsigned chart_width = image_width - margin - chart_x;

constexpr Color never_color{240, 240, 240};
constexpr Color frame_color{150, 150, 150};
constexpr Color marked_color{230, 97, 1};  // apart from every blue, for every kind of colour-blindness
constexpr std::array<Color, most_ages> blues{
    {{205, 223, 241}, {158, 202, 225}, {107, 174, 214}, {66, 146, 198}, {33, 113, 181}, {8, 48, 107}}};
constexpr std::array<Color, 2> strip_colors{{{170, 170, 170}, {110, 110, 110}}};

class Drawing {
 public:
  Drawing(const MapPicture& picture, Surface& surface)
      : picture_(picture), surface_(surface), ages_(ages_of(picture, picture.since ? most_ages - 1 : most_ages)) {
    const unsigned map_width = picture.partitions.empty() ? 704 : 512;
    cell_width_ = map_width / static_cast<unsigned>(picture.columns);
    cell_height_ = std::min(cell_width_, 22U);
  }

  void draw() {
    surface_.fill({0, 0, image_width, height()}, background);
    const std::string name = escaped(picture_.path);
    surface_.write(margin, 26, shortened(name, image_width - 2 * margin), Align::left);
    surface_.write(margin, 46, picture_.change_id.value_or("no change id") + ", " + scale_of(picture_), Align::left);
    draw_cells();
    draw_strip();
    draw_legend();
    draw_histogram();
    draw_partitions();
  }

  [[nodiscard]] unsigned height() const {
    const auto listed = static_cast<unsigned>(std::min(picture_.partitions.size(), most_listed + 1));
    return list_y() + (listed > 0 ? (listed + 1) * line_height : 0) + margin / 2;
  }

 private:
  [[nodiscard]] unsigned rows() const {
    return static_cast<unsigned>((picture_.cells.size() + picture_.columns - 1) / picture_.columns);
  }
  [[nodiscard]] unsigned map_height() const { return rows() * cell_height_; }
  [[nodiscard]] unsigned legend_y() const { return map_y + map_height() + margin; }
  [[nodiscard]] unsigned legend_height() const {
    const unsigned rows = static_cast<unsigned>(ages_.size() + 2) * line_height;
    return ages_.empty() ? rows : std::max(rows, 6 * line_height);
  }
  [[nodiscard]] unsigned list_y() const { return legend_y() + legend_height() + margin / 2; }

  static std::string shortened(std::string_view text, unsigned width) {
    const std::size_t most = width / letter_width;
    return text.size() <= most ? std::string(text) : "..." + std::string(text.substr(text.size() - most + 3));
  }

  [[nodiscard]] Color color_of(const Age& age) const {
    if (age.is_marked) return marked_color;
    // The darkest are left to what is newest; beside what is marked none is dark.
    const std::size_t count = ages_.size() - (ages_.back().is_marked ? 1 : 0);
    const std::size_t darkest = picture_.since ? most_ages - 2 : most_ages;
    return blues[darkest - count + static_cast<std::size_t>(&age - ages_.data())];
  }

  // What is marked has a dot too, which is seen without colours.
  void draw_age(const Box& box, const Age* age) {
    surface_.fill(box, age == nullptr ? never_color : color_of(*age));
    if (age == nullptr || !age->is_marked) return;
    const unsigned dot = std::min(box.width, box.height) / 2;
    surface_.fill({box.x + (box.width - dot) / 2, box.y + (box.height - dot) / 2, dot, dot}, ink);
  }

  void draw_cells() {
    const unsigned every = (2 * line_height + cell_height_ - 1) / cell_height_;
    for (std::size_t i = 0; i < picture_.cells.size(); ++i) {
      const auto column = static_cast<unsigned>(i % picture_.columns);
      const auto row = static_cast<unsigned>(i / picture_.columns);
      const unsigned y = map_y + row * cell_height_;
      const std::uint32_t entry = picture_.cells[i];
      draw_age({map_x + column * cell_width_, y, cell_width_ - 1, cell_height_ - 1},
               entry == 0 ? nullptr : &ages_[age_of(ages_, entry)]);
      if (column == 0 && row % every == 0)
        surface_.write(map_x - 8, y + 10, human_size(i * picture_.cell_bytes), Align::right);
    }
  }

  // How far down the map an offset lies.
  [[nodiscard]] unsigned depth_of(std::uint64_t offset) const {
    const double row_bytes = static_cast<double>(picture_.columns) * static_cast<double>(picture_.cell_bytes);
    return static_cast<unsigned>(static_cast<double>(offset) / row_bytes * cell_height_);
  }

  [[nodiscard]] unsigned strip_x() const {
    return map_x + static_cast<unsigned>(picture_.columns) * cell_width_ + strip_gap;
  }

  // The first ones last: they are often small, and must not vanish under the next.
  void draw_strip() {
    for (std::size_t i = picture_.partitions.size(); i-- > 0;) {
      const auto& partition = picture_.partitions[i];
      const unsigned begin = std::min(depth_of(partition.offset_bytes), map_height());
      const unsigned end = std::max(depth_of(partition.offset_bytes + partition.length_bytes), begin + 2);
      surface_.fill({strip_x(), map_y + begin, strip_width, std::min(end, map_height()) - begin}, strip_colors[i % 2]);
    }
    draw_strip_names();
  }

  // Pushed down where they would cover each other, and left out at the bottom: the list has them all.
  void draw_strip_names() {
    const unsigned x = strip_x() + strip_width + 6;
    const std::size_t most = (image_width - margin / 2 - x) / letter_width;
    unsigned free_y = map_y;
    for (std::size_t i = 0; i < picture_.partitions.size(); ++i) {
      const unsigned y = std::max(map_y + depth_of(picture_.partitions[i].offset_bytes), free_y);
      if (y + 12 > map_y + map_height()) return;
      const std::string name = std::to_string(i + 1) + " " + escaped(picture_.partitions[i].label);
      surface_.write(x, y + 10, name.substr(0, most), Align::left);
      free_y = y + 14;
    }
  }

  void draw_legend_row(unsigned row, const Age* age, const std::string& title, std::uint64_t bytes) {
    const unsigned y = legend_y() + row * line_height;
    draw_age({margin, y, square, square}, age);
    surface_.write(margin + square + 10, y + 11, title, Align::left);
    surface_.write(margin + legend_width, y + 11, human_size(bytes), Align::right);
  }

  // Its words and, from `left` to `right`, a rule below them.
  void draw_heading(unsigned left, unsigned right, unsigned y, const std::string& text) {
    surface_.write(left, y, text, Align::left);
    surface_.fill({left, y + 4, right - left, 1}, frame_color);
  }

  void draw_legend() {
    draw_heading(margin, margin + legend_width, legend_y() + 11, "newest change in a cell");
    surface_.write(margin + legend_width, legend_y() + 11, "bytes", Align::right);
    unsigned row = 1;
    for (const Age& age : ages_) {
      draw_legend_row(row++, &age, title_of(age) + (age.is_marked ? ": since " + std::to_string(*picture_.since) : ""),
                      age.bytes);
    }
    draw_legend_row(row, nullptr, "never written", picture_.never_written_bytes);
  }

  // The longest bar, unless it would leave no height to the others, as a first full copy does: then it is drawn broken.
  static std::uint64_t scale_for(const std::vector<Age>& bars) {
    std::vector<std::uint64_t> sizes;
    for (const Age& bar : bars) sizes.push_back(bar.bytes);
    std::sort(sizes.begin(), sizes.end(), std::greater<>());
    const bool is_broken = sizes.size() > 1 && sizes[1] > 0 && sizes[0] / 4 > sizes[1];
    return std::max<std::uint64_t>(sizes[is_broken ? 1 : 0], 1);
  }

  void draw_histogram() {
    const auto bars = bars_of(picture_, most_bars);
    if (bars.empty()) return;
    const std::uint64_t most = scale_for(bars);
    const unsigned top = legend_y() + line_height;
    const unsigned bottom = legend_y() + legend_height() - line_height;
    const unsigned width = std::min(chart_width / static_cast<unsigned>(bars.size()), 40U);
    draw_heading(chart_x, image_width - margin, legend_y() + 11, "bytes by epoch, up to " + human_size(most));
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const double part = std::min(static_cast<double>(bars[i].bytes) / static_cast<double>(most), 1.0);
      const unsigned height = std::max(static_cast<unsigned>(part * (bottom - top)), 1U);
      const Box bar{chart_x + static_cast<unsigned>(i) * width, bottom - height, width - 1, height};
      draw_age(bar, &ages_[age_of(ages_, bars[i].last_epoch)]);
      if (bars[i].bytes > most) surface_.fill({bar.x, top + 8, bar.width, 4}, background);
    }
    const unsigned end = chart_x + static_cast<unsigned>(bars.size()) * width;
    surface_.fill({chart_x, bottom, end - chart_x, 1}, frame_color);
    const std::string first = std::to_string(bars.front().first_epoch);
    const std::string last = std::to_string(bars.back().last_epoch);
    surface_.write(chart_x, bottom + 14, first, Align::left);
    if (end - chart_x > (first.size() + last.size() + 2) * letter_width)
      surface_.write(end, bottom + 14, last, Align::right);
  }

  void draw_partitions() {
    if (picture_.partitions.empty()) return;
    unsigned y = list_y() + 11;
    draw_heading(margin, chart_x + 220, y, "partitions of " + shortened(escaped(picture_.disk), legend_width));
    surface_.write(chart_x + 110, y, "from", Align::right);
    surface_.write(chart_x + 220, y, "size", Align::right);
    for (std::size_t i = 0; i < picture_.partitions.size(); ++i) {
      y += line_height;
      if (i == most_listed) {
        const std::string more = std::to_string(picture_.partitions.size() - most_listed);
        return surface_.write(margin, y, "and " + more + " more", Align::left);
      }
      const auto& partition = picture_.partitions[i];
      surface_.fill({margin, y - 11, square, square}, strip_colors[i % 2]);
      surface_.write(margin + square + 10, y, std::to_string(i + 1) + "  " + escaped(partition.label), Align::left);
      surface_.write(chart_x + 110, y, human_size(partition.offset_bytes), Align::right);
      surface_.write(chart_x + 220, y, human_size(partition.length_bytes), Align::right);
    }
  }

  const MapPicture& picture_;
  Surface& surface_;
  std::vector<Age> ages_;
  unsigned cell_width_ = 0;
  unsigned cell_height_ = 0;
};

}  // namespace

unsigned image_height(const MapPicture& picture) {
  class Nothing final : public Surface {
   public:
    void fill(const Box&, Color) override {}
    void write(unsigned, unsigned, std::string_view, Align) override {}
  };
  Nothing nothing;
  return Drawing(picture, nothing).height();
}

void draw_picture(const MapPicture& picture, Surface& surface) { Drawing(picture, surface).draw(); }

}  // namespace cbtctl::report
