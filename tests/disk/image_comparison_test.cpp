// Two images, block by block, whatever their holes.
#include "tests/support/catch.h"

#include <random>

#include "disk/image_comparison.h"
#include "tests/support/extents.h"

using namespace support;
using namespace cbtctl::disk;

namespace {

std::vector<std::uint8_t> states_of(const formats::core::ByteSource& before, const formats::core::ByteSource& after,
                                    std::uint64_t block_bytes) {
  std::vector<std::uint8_t> states;
  const auto compared = compare_images(before, after, block_bytes, [&](std::uint64_t first, auto part) {
    CHECK(first == states.size());
    states.insert(states.end(), part.begin(), part.end());
    return formats::core::success();
  });
  REQUIRE(compared);
  return states;
}

}  // namespace

TEST_CASE("random images are compared as by hand, with holes and without") {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    const std::size_t size = 1 + random() % 600'000;
    std::string before(size, '\0');
    for (int island = 0; island < 5; ++island) {
      const std::size_t at = random() % size;
      const std::size_t length = std::min<std::size_t>(random() % 70'000, size - at);
      before.replace(at, length, std::string(length, static_cast<char>('a' + island)));
    }
    std::string after = before;
    for (int change = 0; change < 4; ++change) after[random() % size] = static_cast<char>(random() % 2);
    const std::uint64_t block = std::uint64_t{512} << random() % 8;
    std::vector<std::uint8_t> expected;
    for (std::size_t at = 0; at < size; at += block)
      expected.push_back(before.compare(at, block, after, at, block) == 0 ? 0 : block_differs);
    StringSource left(before);
    StringSource right(after);
    left.hole_unit_bytes = round % 3 == 0 ? 0 : 4096;
    right.hole_unit_bytes = round % 2 == 0 ? 0 : 1024;
    CHECK(states_of(left, right, block) == expected);
  }
}

TEST_CASE("large images go over several threads and lose nothing") {
  std::string before(std::size_t{40} << 20, 'x');
  std::string after = before;
  const std::vector<std::size_t> changed{0, 65536 * 63 + 65535, 65536 * 64, (std::size_t{40} << 20) - 1};
  for (const std::size_t at : changed) after[at] = 'y';
  const auto states = states_of(StringSource(before), StringSource(after), 65536);
  REQUIRE(states.size() == 640);
  for (std::size_t block = 0; block < states.size(); ++block)
    CHECK(states[block] == (block == 0 || block == 63 || block == 64 || block == 639 ? block_differs : 0));
}

TEST_CASE("what cannot be read harms no other block") {
  StringSource before(std::string(65536 * 4, 'x'));
  before.fault = {65536 * 2 + 100, 1};
  const StringSource after(std::string(65536 * 2, 'x') + std::string(65536 * 2, 'y'));
  CHECK(states_of(before, after, 65536) == std::vector<std::uint8_t>{0, 0, block_unreadable, block_differs});
}

TEST_CASE("the sink's error ends a comparison") {
  const StringSource image(std::string(4096, 'x'));
  const auto compared = compare_images(image, image, 512, [](std::uint64_t, auto) -> formats::core::Status {
    return formats::core::Error{formats::core::ErrorKind::cancelled, "enough"};
  });
  REQUIRE(!compared);
  CHECK(compared.error().message == "enough");
}
