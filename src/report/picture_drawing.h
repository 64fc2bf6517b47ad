// The picture as boxes and words, on whatever can show these.
#pragma once

#include <cstdint>
#include <string_view>

#include "report/picture.h"

namespace cbtctl::report {

struct Color {
  std::uint8_t red, green, blue;
};
inline constexpr Color ink{32, 32, 32};
inline constexpr Color background{255, 255, 255};

// In pixels, from the left upper corner.
struct Box {
  unsigned x, y, width, height;
};

enum class Align { left, right };  // of words, at their x

class Surface {
 public:
  virtual ~Surface() = default;
  virtual void fill(const Box& box, Color color) = 0;
  // One line in ink, its baseline at `y`; a character is about `letter_width` wide.
  virtual void write(unsigned x, unsigned y, std::string_view text, Align align) = 0;
};

inline constexpr unsigned letter_width = 7;
inline constexpr unsigned image_width = 800;
[[nodiscard]] unsigned image_height(const MapPicture& picture);

void draw_picture(const MapPicture& picture, Surface& surface);

}  // namespace cbtctl::report
