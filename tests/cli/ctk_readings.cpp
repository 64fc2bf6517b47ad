// Reads headers of CTK files as the program does: for each case on standard input one line on standard output, which
// readings_test.py holds against the rule. A case is the first 44 bytes of a header, then three u64: the file's size,
// the disk's capacity in sectors and the table's newest entry (of these two all ones: not known).
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "formats/core/endian.h"
#include "formats/ctk/tracking_file.h"

namespace {

struct Case {
  std::array<std::byte, 44> head;
  formats::core::le64 file_bytes;
  formats::core::le64 disk_sectors;
  formats::core::le64 newest_entry;
};
static_assert(sizeof(Case) == 68);

std::optional<std::uint64_t> known(std::uint64_t value) {
  return value == ~std::uint64_t{0} ? std::nullopt : std::optional(value);
}

formats::ctk::Reading reading_of(const Case& each) {
  formats::ctk::Header header;
  std::memcpy(&header, each.head.data(), each.head.size());
  formats::ctk::Circumstances circumstances{.disk_sectors = known(each.disk_sectors), .newest_entry = {}};
  if (const auto newest = known(each.newest_entry)) circumstances.newest_entry = static_cast<std::uint32_t>(*newest);
  return formats::ctk::read(header, each.file_bytes, circumstances);
}

template <typename Number>
std::string text_of(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : "-";
}

const char* text_of(formats::ctk::Fit fit) {
  using formats::ctk::Fit;
  switch (fit) {
    case Fit::fits:
      return "fits";
    case Fit::padded:
      return "padded";
    case Fit::cut:
      return "cut";
    case Fit::covers_less:
      return "covers less";
    case Fit::covers_more:
      return "covers more";
    case Fit::not_understood:
      break;
  }
  return "not understood";
}

}  // namespace

int main() {
  Case each;
  while (std::fread(&each, sizeof each, 1, stdin) == 1) {
    const formats::ctk::Reading reading = reading_of(each);
    std::printf("%s %s %s %s %s %s\n", std::string(name_of(reading.layout)).c_str(),
                text_of(reading.capacity_sectors).c_str(), text_of(reading.block_sectors).c_str(),
                text_of(reading.blocks).c_str(), text_of(reading.epoch).c_str(), text_of(reading.fit));
  }
  return 0;
}
