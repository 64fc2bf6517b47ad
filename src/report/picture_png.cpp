// Pixels. A PNG knows no text: words are drawn with a font of the program's own.
#include <png.h>

#include <algorithm>
#include <vector>

#include "report/bitmap_font.h"
#include "report/picture_drawing.h"

namespace cbtctl::report {
namespace {

class PngSurface final : public Surface {
 public:
  explicit PngSurface(unsigned height) : height_(height), pixels_(std::size_t{image_width} * height, background) {}

  void fill(const Box& box, Color color) override {
    const unsigned right = std::min(box.x + box.width, image_width);
    for (unsigned y = box.y; y < std::min(box.y + box.height, height_); ++y) {
      for (unsigned x = box.x; x < right; ++x) pixels_[std::size_t{y} * image_width + x] = color;
    }
  }

  void write(unsigned x, unsigned y, std::string_view text, Align align) override {
    const auto glyphs = glyphs_of(text);
    if (align == Align::right) x -= std::min(x, static_cast<unsigned>(glyphs.size()) * glyph_width);
    for (const Glyph& glyph : glyphs) {
      draw(glyph, x, y - glyph_ascent);
      x += glyph_width;
    }
  }

  [[nodiscard]] std::string encoded() const {
    static_assert(sizeof(Color) == 3);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = image_width;
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
  void draw(const Glyph& glyph, unsigned left, unsigned top) {
    for (unsigned row = 0; row < glyph_height; ++row) {
      for (unsigned column = 0; column < glyph_width; ++column) {
        if ((glyph[row] >> (glyph_width - 1 - column) & 1) != 0) fill({left + column, top + row, 1, 1}, ink);
      }
    }
  }

  unsigned height_;
  std::vector<Color> pixels_;
};

}  // namespace

std::string picture_png(const MapPicture& picture) {
  PngSurface surface(image_height(picture));
  draw_picture(picture, surface);
  return surface.encoded();
}

}  // namespace cbtctl::report
