// SVG and PNG: the same picture, 800 pixels wide. A PNG has no text of its own, so its few words are drawn with a font
// of three by five dots.
#include <png.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "report/picture.h"
#include "report/picture_levels.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::size_t image_levels = 6;
constexpr unsigned width = 800;
constexpr unsigned margin = 16;
constexpr unsigned cell = (width - 2 * margin) / picture_columns;  // 12
constexpr unsigned map_top = 64;
constexpr unsigned map_height = cell * picture_rows;
constexpr unsigned legend_row = 22;

struct Color {
  std::uint8_t red, green, blue;
};
constexpr Color background{255, 255, 255};
constexpr Color ink{32, 32, 32};
constexpr Color never{240, 240, 240};
constexpr Color highlight{230, 97, 1};  // apart from every blue, for every kind of colour-blindness
constexpr std::array<Color, image_levels> ages{
    {{198, 219, 239}, {158, 202, 225}, {107, 174, 214}, {66, 146, 198}, {33, 113, 181}, {8, 48, 107}}};

Color color_of(const MapPicture& picture, const std::vector<Level>& levels, std::uint32_t entry) {
  if (entry == 0 || levels.empty()) return never;
  if (picture.since && entry > *picture.since) return highlight;
  return ages[image_levels - levels.size() + level_of(levels, entry)];
}

struct LegendRow {
  Color color{};
  std::string title;
  std::uint64_t bytes = 0;
};

std::vector<LegendRow> legend_of(const MapPicture& picture, const std::vector<Level>& levels) {
  std::vector<LegendRow> rows;
  for (const Level& level : levels) {
    const bool marked = picture.since && level.last_epoch > *picture.since;
    rows.push_back({color_of(picture, levels, level.last_epoch),
                    title_of(level) + (marked ? ", changed since " + std::to_string(*picture.since) : ""),
                    level.bytes});
  }
  rows.push_back({never, "never written", picture.never_written_bytes});
  return rows;
}

std::string heading_of(const MapPicture& picture) {
  return human_size(picture.capacity_bytes) + ", one cell is " +
         human_size(picture.capacity_bytes / std::max<std::size_t>(picture.cells.size(), 1));
}

// --- SVG ------------------------------------------------------------------------------------------------------------

std::string hex_of(Color color) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", color.red, color.green, color.blue);
  return text.data();
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : escaped(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return lossy_utf8(out);
}

std::string rectangle(unsigned x, unsigned y, unsigned w, unsigned h, Color color) {
  return "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" + std::to_string(w) +
         "\" height=\"" + std::to_string(h) + "\" fill=\"" + hex_of(color) + "\"/>\n";
}

std::string words(unsigned x, unsigned y, const std::string& text, unsigned size) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" font-size=\"" + std::to_string(size) +
         "\" fill=\"" + hex_of(ink) + "\">" + xml(text) + "</text>\n";
}

unsigned height_of(std::size_t legend_rows) {
  return map_top + map_height + margin + static_cast<unsigned>(legend_rows) * legend_row + margin;
}

unsigned bar_length(std::uint64_t bytes, std::uint64_t most) {
  constexpr std::uint64_t longest = 280;
  return most == 0 ? 0 : static_cast<unsigned>(static_cast<double>(bytes) / static_cast<double>(most) * longest);
}

std::uint64_t most_of(const std::vector<LegendRow>& rows) {
  std::uint64_t most = 0;
  for (const LegendRow& row : rows) most = std::max(most, row.bytes);
  return most;
}

// --- PNG ------------------------------------------------------------------------------------------------------------

class Canvas {
 public:
  explicit Canvas(unsigned height) : height_(height), pixels_(std::size_t{width} * height * 3) {
    fill(0, 0, width, height, background);
  }

  void fill(unsigned x, unsigned y, unsigned w, unsigned h, Color color) {
    for (unsigned row = y; row < std::min(y + h, height_); ++row) {
      for (unsigned column = x; column < std::min(x + w, width); ++column) {
        std::uint8_t* pixel = &pixels_[(std::size_t{row} * width + column) * 3];
        pixel[0] = color.red;
        pixel[1] = color.green;
        pixel[2] = color.blue;
      }
    }
  }

  void write(unsigned x, unsigned y, std::string_view text, unsigned scale) {
    for (const char c : text) {
      const std::string_view rows = glyph_of(c);
      for (unsigned row = 0; row < 5; ++row) {
        for (unsigned column = 0; column < 3; ++column) {
          if (((rows[row] - '0') >> (2 - column) & 1) != 0)
            fill(x + column * scale, y + row * scale, scale, scale, ink);
        }
      }
      x += 4 * scale;
    }
  }

  [[nodiscard]] std::string encoded() const {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height_;
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = 0;
    if (png_image_write_to_memory(&image, nullptr, &size, 0, pixels_.data(), 0, nullptr) == 0) return {};
    std::string bytes(size, '\0');
    if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels_.data(), 0, nullptr) == 0) return {};
    bytes.resize(size);
    return bytes;
  }

 private:
  // Five rows of three dots, each an octal digit.
  static std::string_view glyph_of(char c) {
    constexpr std::string_view digits[] = {"75557", "26227", "71747", "71717", "55711",
                                           "74717", "74757", "71111", "75757", "75717"};
    constexpr std::string_view letters[] = {"25755", "65656", "34443", "65556", "74647", "74644", "34553",
                                            "55755", "72227", "11152", "55655", "44447", "57755", "65555",
                                            "25552", "65644", "25563", "65655", "34216", "72222", "55557",
                                            "55552", "55775", "55255", "55222", "71247"};
    if (c >= '0' && c <= '9') return digits[c - '0'];
    if (c >= 'a' && c <= 'z') return letters[c - 'a'];
    if (c >= 'A' && c <= 'Z') return letters[c - 'A'];
    if (c == '.') return "00002";
    if (c == ',') return "00024";
    if (c == '-') return "00700";
    if (c == '/') return "11244";
    if (c == ':') return "02020";
    if (c == '_') return "00007";
    return "00000";
  }

  unsigned height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace

std::string picture_svg(const MapPicture& picture) {
  const auto levels = levels_of(picture, image_levels);
  const auto legend = legend_of(picture, levels);
  const unsigned height = height_of(legend.size());
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + std::to_string(width) + "\" height=\"" +
                    std::to_string(height) + "\" viewBox=\"0 0 " + std::to_string(width) + " " +
                    std::to_string(height) + "\" font-family=\"sans-serif\">\n<title>" + xml(picture.path) +
                    "</title>\n";
  out += rectangle(0, 0, width, height, background);
  out += words(margin, 26, picture.path, 16) + words(margin, 48, picture.change_id + ", " + heading_of(picture), 13);
  for (std::size_t i = 0; i < picture.cells.size(); ++i) {
    const auto column = static_cast<unsigned>(i % picture_columns);
    const auto row = static_cast<unsigned>(i / picture_columns);
    out += rectangle(margin + column * cell, map_top + row * cell, cell - 1, cell - 1,
                     color_of(picture, levels, picture.cells[i]));
  }
  const std::uint64_t most = most_of(legend);
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const unsigned y = map_top + map_height + margin + static_cast<unsigned>(i) * legend_row;
    out += rectangle(margin, y, 16, 16, legend[i].color) + words(margin + 26, y + 13, legend[i].title, 13) +
           words(margin + 300, y + 13, human_size(legend[i].bytes), 13) +
           rectangle(margin + 400, y + 2, std::max(bar_length(legend[i].bytes, most), legend[i].bytes > 0 ? 1U : 0U),
                     12, ages[3]);
  }
  return out + "</svg>\n";
}

std::string picture_png(const MapPicture& picture) {
  const auto levels = levels_of(picture, image_levels);
  const auto legend = legend_of(picture, levels);
  Canvas canvas(height_of(legend.size()));
  constexpr unsigned scale = 2;
  canvas.write(margin, 16, picture.path.substr(picture.path.rfind('/') + 1).substr(0, 60), 3);
  canvas.write(margin, 42, picture.change_id + ", " + heading_of(picture), scale);
  for (std::size_t i = 0; i < picture.cells.size(); ++i) {
    const auto column = static_cast<unsigned>(i % picture_columns);
    const auto row = static_cast<unsigned>(i / picture_columns);
    canvas.fill(margin + column * cell, map_top + row * cell, cell - 1, cell - 1,
                color_of(picture, levels, picture.cells[i]));
  }
  const std::uint64_t most = most_of(legend);
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const unsigned y = map_top + map_height + margin + static_cast<unsigned>(i) * legend_row;
    canvas.fill(margin, y, 16, 16, legend[i].color);
    canvas.write(margin + 26, y + 3, legend[i].title, scale);
    canvas.write(margin + 300, y + 3, human_size(legend[i].bytes), scale);
    canvas.fill(margin + 400, y + 2, std::max(bar_length(legend[i].bytes, most), legend[i].bytes > 0 ? 1U : 0U), 12,
                ages[3]);
  }
  return canvas.encoded();
}

}  // namespace cbtctl::report
