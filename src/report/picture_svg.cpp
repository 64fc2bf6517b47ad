#include <array>
#include <cstdio>

#include "report/picture_drawing.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : lossy_utf8(text)) {
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
  return out;
}

std::string attribute(std::string_view name, unsigned value) {
  return " " + std::string(name) + "=\"" + std::to_string(value) + "\"";
}

std::string fill_of(Color color) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), " fill=\"#%02x%02x%02x\"", color.red, color.green, color.blue);
  return text.data();
}

class SvgSurface final : public Surface {
 public:
  explicit SvgSurface(const MapPicture& picture) {
    const unsigned height = image_height(picture);
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", image_width) + attribute("height", height) +
           " viewBox=\"0 0 " + std::to_string(image_width) + " " + std::to_string(height) +
           "\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"11.6\">\n<title>" +
           xml(escaped(picture.path)) + "</title>\n";
  }
  void fill(const Box& box, Color color) override {
    out_ += "<rect" + attribute("x", box.x) + attribute("y", box.y) + attribute("width", box.width) +
            attribute("height", box.height) + fill_of(color) + "/>\n";
  }
  void write(unsigned x, unsigned y, std::string_view text, Align align) override {
    out_ += "<text" + attribute("x", x) + attribute("y", y) + fill_of(ink) +
            (align == Align::right ? " text-anchor=\"end\"" : "") + ">" + xml(text) + "</text>\n";
  }
  [[nodiscard]] std::string finish() { return std::move(out_) + "</svg>\n"; }

 private:
  std::string out_;
};

}  // namespace

std::string picture_svg(const MapPicture& picture) {
  SvgSurface surface(picture);
  draw_picture(picture, surface);
  return surface.finish();
}

}  // namespace cbtctl::report
