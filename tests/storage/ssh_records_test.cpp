// What `head` and `tail` print for many files, as BusyBox and GNU do it, taken apart by the lengths that are expected.
#include "storage/ssh_records.h"

#include "formats/vmware/names.h"
#include "storage/ssh_script.h"
#include "tests/support/catch.h"

using namespace cbtctl::storage;

namespace {

const std::vector<Frame> two{{"./a", 3}, {"./b", 2}};

}  // namespace

TEST_CASE("what comes behind the end of an answer is the next one's") {
  const std::string answers = "\nT a 1\nT b\n\nT end 0\n\nT a 2\n\nT end 7\n";
  for (std::size_t step = 1; step <= answers.size(); ++step) {
    std::vector<std::string> seen;
    const auto sink = [&](const Record& record) {
      seen.push_back(std::string(record.kind) + "=" + std::string(record.payload));
      return formats::core::success();
    };
    RecordSplitter first("T", 1000);
    for (std::size_t at = 0; at < answers.size(); at += step) REQUIRE(first.feed(answers.substr(at, step), sink));
    RecordSplitter second("T", 1000);
    REQUIRE(second.feed(first.rest(), sink));
    CHECK(first.ended() == 0);
    CHECK(second.ended() == 7);
    CHECK(second.rest().empty());
    CHECK(seen == std::vector<std::string>{"=", "a=1", "b=", "=", "a=2"});
  }
}

TEST_CASE("an end that cannot be understood is none") {
  for (const char* answer : {"\nT end x\n", "\nT end 0 0\n", "\nT end \n"}) {
    RecordSplitter splitter("T", 1000);
    CHECK_FALSE(splitter.feed(answer, [](const Record&) { return formats::core::success(); }));
  }
}

TEST_CASE("frames of the expected lengths are taken apart") {
  const auto contents = split_frames("==> ./a <==\nabc\n==> ./b <==\nxy\n==> /dev/null <==\n", two);
  REQUIRE(contents);
  CHECK((*contents)[0] == "abc");
  CHECK((*contents)[1] == "xy");
  CHECK(split_frames("==> ./a <==\nabc\n==> ./b <==\nxy\n==> /dev/null <==", two));  // the last newline began a record
}

TEST_CASE("a file that cannot be read has no frame") {
  const auto second = split_frames("==> ./a <==\nabc\n==> /dev/null <==\n", two);
  REQUIRE(second);
  CHECK((*second)[0] == "abc");
  CHECK_FALSE((*second)[1]);
  // The first: GNU's next frame begins the text, BusyBox's is a line below.
  for (const char* text : {"==> ./b <==\nxy\n==> /dev/null <==\n", "\n==> ./b <==\nxy\n==> /dev/null <==\n"}) {
    const auto first = split_frames(text, two);
    REQUIRE(first);
    CHECK_FALSE((*first)[0]);
    CHECK((*first)[1] == "xy");
  }
  for (const char* text : {"==> /dev/null <==\n", "\n==> /dev/null <==\n"}) {
    const auto alone = split_frames(text, {{"./a", 3}});
    REQUIRE(alone);
    CHECK_FALSE((*alone)[0]);
  }
}

TEST_CASE("frames of other lengths are not taken") {
  CHECK_FALSE(split_frames("==> ./a <==\nabcd\n==> ./b <==\nxy\n==> /dev/null <==\n", two));
  CHECK_FALSE(split_frames("==> ./a <==\nab\n==> ./b <==\nxy\n==> /dev/null <==\n", two));
  CHECK_FALSE(split_frames("==> ./a <==\nabc\n==> ./b <==\nx", two));
  CHECK_FALSE(split_frames("", two));
}

TEST_CASE("of a single file any length is taken") {
  for (const char* text : {"==> ./a <==\nabcdef\n==> /dev/null <==\n", "==> ./a <==\nabcdef\n==> /dev/null <=="}) {
    const auto contents = split_frames(text, {{"./a", 3}});
    REQUIRE(contents);
    CHECK((*contents)[0] == "abcdef");
  }
}

TEST_CASE("the listing on a host passes by every folder of a filer, and knows when its root lies in one") {
  for (const std::string_view name : formats::vmware::filer_folders) {
    INFO(name);
    CHECK(list_script.find("-o -name " + std::string(name)) != std::string_view::npos);
    const std::string plain = "*/" + std::string(name) + "/*";
    const std::string quoted = "*/\"" + std::string(name) + "\"/*";
    CHECK((list_script.find(plain) != std::string_view::npos || list_script.find(quoted) != std::string_view::npos));
  }
}
