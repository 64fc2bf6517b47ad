#include "report/picture.h"

#include "tests/support/catch.h"

#include "report/picture_ages.h"

namespace {

using namespace cbtctl::report;

// A disk of 8 blocks whose epochs 1.. have one block each.
MapPicture picture_of(std::vector<std::uint32_t> cells, std::uint32_t epochs) {
  MapPicture picture{.path = "web01-ctk.vmdk",
                     .change_id = "52/9",
                     .capacity_bytes = cells.size() << 16,
                     .block_bytes = 1 << 16,
                     .columns = 16,
                     .cell_bytes = 1 << 16,
                     .cells = std::move(cells)};
  for (std::uint32_t epoch = 1; epoch <= epochs; ++epoch) picture.epochs.push_back({epoch, 1, std::uint64_t{1} << 16});
  return picture;
}

std::string line(const std::string& text, std::size_t number) {
  std::size_t begin = 0;
  for (; number > 0; --number) begin = text.find('\n', begin) + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("ages are few, in order, and leave no epoch out", "[picture]") {
  const auto ages = ages_of(picture_of({}, 100), 6);
  REQUIRE(ages.size() == 6);
  CHECK(ages.front().first_epoch == 1);
  CHECK(ages.back().last_epoch == 100);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < ages.size(); ++i) {
    bytes += ages[i].bytes;
    if (i > 0) CHECK(ages[i].first_epoch == ages[i - 1].last_epoch + 1);
  }
  CHECK(bytes == 100 << 16);
  CHECK(age_of(ages, 1) == 0);
  CHECK(age_of(ages, 100) == 5);
}

TEST_CASE("what is marked is an age of its own, and no bar lies on both sides", "[picture]") {
  MapPicture picture = picture_of({}, 100);
  picture.since = 97;
  const auto ages = ages_of(picture, 5);
  REQUIRE(ages.size() == 5);
  CHECK((ages.back().is_marked && ages.back().first_epoch == 98 && ages.back().last_epoch == 100));
  CHECK_FALSE(ages[3].is_marked);
  for (const std::size_t most : {std::size_t{2}, std::size_t{7}, std::size_t{48}, std::size_t{200}}) {
    const auto bars = bars_of(picture, most);
    CHECK(bars.size() <= most);
    CHECK((bars.front().first_epoch == 1 && bars.back().last_epoch == 100));
    for (const Age& bar : bars) CHECK(bar.is_marked == (bar.first_epoch > 97));
  }
  picture.since = 0;
  CHECK(ages_of(picture, 5).size() == 1);
  CHECK(bars_of(picture, 48).size() == 48);
  picture.since = 100;
  CHECK_FALSE(ages_of(picture, 5).back().is_marked);
}

TEST_CASE("in a terminal the newest is the darkest, and what is marked is told without colours", "[picture]") {
  MapPicture picture = picture_of({0, 1, 2, 3, 4}, 4);
  CHECK(line(picture_text(picture, true, {}), 2).starts_with("·░▒▓█  "));
  CHECK(line(picture_text(picture, false, {}), 2).starts_with(".-+o#  "));
  picture.since = 2;
  CHECK(line(picture_text(picture, false, {}), 2).starts_with(".+o##  "));
  picture.since = 4;
  CHECK(line(picture_text(picture, false, {}), 2).starts_with(".--+o  "));
  CHECK(line(picture_text(picture, false, {}), 0).ends_with("52/9, 320 KiB, a cell is 64 KiB"));
}

TEST_CASE("partitions stand beside the rows that they touch", "[picture]") {
  MapPicture picture = picture_of(std::vector<std::uint32_t>(32, 1), 1);
  picture.disk = "web01.vmdk";
  picture.partitions = {{1 << 16, 1 << 16, "EFI system"}, {10 << 16, 20 << 16, "evil \x1b[2J"}};
  const std::string text = picture_text(picture, true, {});
  CHECK(line(text, 2).ends_with(" 1 2"));
  CHECK(line(text, 3).ends_with(" 2"));
  CHECK(text.find("partitions of web01.vmdk\n 1  64 KiB") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(picture_svg(picture).find('\x1b') == std::string::npos);
}

TEST_CASE("images are whole, and an SVG has no markup from file names", "[picture]") {
  MapPicture picture = picture_of(std::vector<std::uint32_t>(100, 1), 1);
  picture.path = "<b>&\"é.vmdk";
  picture.change_id.reset();
  const std::string svg = picture_svg(picture);
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("<b>") == std::string::npos);
  CHECK(svg.find("&lt;b&gt;&amp;&quot;é.vmdk") != std::string::npos);
  const std::string png = picture_png(picture);
  CHECK(png.starts_with("\x89PNG"));
  CHECK(png.find("IEND") != std::string::npos);
  CHECK(picture_png(picture_of({0, 0}, 0)).starts_with("\x89PNG"));
}
