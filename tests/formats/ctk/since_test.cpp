#include "formats/ctk/since.h"
#include "tests/support/catch.h"

using formats::core::ErrorKind;
using formats::ctk::parse_since;
using formats::ctk::Reading;

namespace {

const std::string uuid_text = "52 53 54 55 56 57 58 59-5a 5b 5c 5d 5e 5f 60 61";

Reading at_epoch(std::optional<std::uint32_t> epoch, std::optional<std::uint32_t> at_least = {}) {
  Reading reading;
  reading.epoch = epoch;
  reading.epoch_at_least = at_least;
  reading.uuid.emplace();
  for (std::size_t i = 0; i < 16; ++i) (*reading.uuid)[i] = static_cast<std::byte>(0x52 + i);
  return reading;
}

std::optional<ErrorKind> refused(const Reading& header, const std::string& text) {
  const auto since = parse_since(header, text);
  return since ? std::nullopt : std::optional(since.error().kind);
}

}  // namespace

TEST_CASE("since is an epoch, a change id of this file, or a star") {
  CHECK(*parse_since(at_epoch(4), "*") == 0U);
  CHECK(*parse_since(at_epoch(4), "0") == 0U);
  CHECK(*parse_since(at_epoch(4), "4") == 4U);
  CHECK(*parse_since(at_epoch(4), uuid_text + "/3") == 3U);
  CHECK(*parse_since(at_epoch(4), "52535455565758595A5B5C5D5E5F6061/3") == 3U);
}

TEST_CASE("an id from the future cannot be answered, nor one of another UUID") {
  CHECK(refused(at_epoch(4), "5") == ErrorKind::unsupported);
  CHECK(refused(at_epoch(4), uuid_text + "/9") == ErrorKind::unsupported);
  CHECK(refused(at_epoch(4), "99999999999999999999999") == ErrorKind::unsupported);
  CHECK(refused(at_epoch({}, 4), "5") == ErrorKind::unsupported);
  CHECK_FALSE(refused(at_epoch({}, 4), "4"));
  CHECK(refused(at_epoch(4), "ff" + uuid_text.substr(2) + "/1") == ErrorKind::unsupported);
  Reading without = at_epoch(4);
  without.uuid.reset();
  CHECK(refused(without, uuid_text + "/1") == ErrorKind::unsupported);
  CHECK_FALSE(refused(without, "1"));
}

TEST_CASE("anything else is a matter of usage") {
  for (const char* text : {"", "yesterday", "-1", "4x", "/4", "52/4", "**", "+4", " 4"}) {
    CHECK_FALSE(formats::ctk::check_since(text));
    CHECK(refused(at_epoch(4), text) == ErrorKind::usage);
  }
  CHECK_FALSE(formats::ctk::check_since(uuid_text + "/"));
  CHECK_FALSE(formats::ctk::check_since("zz" + uuid_text.substr(2) + "/1"));
}
