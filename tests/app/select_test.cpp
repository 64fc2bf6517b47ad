#include "app/select.h"

#include "tests/support/catch.h"
#include "tests/support/datastore.h"

using namespace cbtctl::app;

namespace {

const std::vector<Candidate> three{{"/mnt/ds1", "web01/web01.vmx", "Web [prod] 100%"},
                                   {"/mnt/ds1", "web02/web02.vmx", "web01"},
                                   {"/mnt/ds2", "db/db.vmx", "K\xc3\xb6ln"}};

std::vector<std::size_t> chosen(const std::vector<std::string>& patterns) {
  const Match found = match(three, patterns);
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < found.chosen.size(); ++i) {
    if (found.chosen[i]) numbers.push_back(i);
  }
  return numbers;
}

using Numbers = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a name that is equal wins over a glob, whatever stands in it") {
  CHECK(chosen({"Web [prod] 100%"}) == Numbers{0});
  CHECK(chosen({"web [PROD] 100%"}) == Numbers{0});
}

TEST_CASE("path comes before display name, and that before the name of the .vmx") {
  CHECK(chosen({"web01/web01.vmx"}) == Numbers{0});
  CHECK(chosen({"/mnt/ds1/web01/web01.vmx"}) == Numbers{0});
  CHECK(chosen({"web01"}) == Numbers{1});  // another's file is called so
  CHECK(chosen({"web01.vmx"}) == Numbers{0});
}

TEST_CASE("letter case and Unicode form count for nothing") {
  CHECK(chosen({"Ko\xcc\x88ln"}) == Numbers{2});
  CHECK(chosen({"K\xc3\x96LN"}) == Numbers{2});
  CHECK(chosen({"k?ln"}) == Numbers{2});
}

TEST_CASE("where none is equal the pattern is a glob of names, and with a slash of paths") {
  CHECK(chosen({"WEB*"}) == Numbers{0, 1});
  CHECK(chosen({"web0[2-9]"}) == Numbers{1});
  CHECK(chosen({"web02/*"}) == Numbers{1});
  CHECK(chosen({"*"}) == Numbers{0, 1, 2});
}

TEST_CASE("what is excluded is excluded, whatever includes it") {
  CHECK(chosen({"!web*"}) == Numbers{2});
  CHECK(chosen({"!db", "*"}) == Numbers{0, 1});
  CHECK(chosen({"*", "!db"}) == Numbers{0, 1});
}

TEST_CASE("a backslash makes a name of an exclusion") {
  const std::vector<Candidate> loud{{"/mnt/ds", "a/a.vmx", "!a"}, {"/mnt/ds", "b/b.vmx", "b"}};
  CHECK(match(loud, {"\\!a"}).chosen == std::vector<bool>{true, false});
  CHECK(match(loud, {"!\\!a"}).chosen == std::vector<bool>{false, true});
  CHECK(match(loud, {"\\!*"}).chosen == std::vector<bool>{true, false});
}

TEST_CASE("what matches nobody is told with what is near to it") {
  const Match found = match(three, {"webo1", "zzz", "!nobody"});
  REQUIRE(found.unmatched.size() == 2);
  CHECK(found.unmatched[0].option == "--vm");
  CHECK(found.unmatched[0].value == "webo1");
  CHECK(found.unmatched[0].nearest.front() == "web01");
  CHECK(found.unmatched[1].nearest.empty());
  CHECK(found.idle_exclusions == std::vector<std::string>{"!nobody"});
}

TEST_CASE("patterns that leave nobody together match nothing") {
  CHECK(match(three, {"db", "!db"}).unmatched.size() == 2);
  CHECK(match(three, {"!*"}).unmatched.size() == 1);
  CHECK(match(three, {"db", "!web*"}).unmatched.empty());
}

TEST_CASE("a name of two is ambiguous, and a glob of two is none") {
  const std::vector<Candidate> twins{{"/mnt/ds1", "a/a.vmx", "app"}, {"/mnt/ds2", "a/a.vmx", "App"}};
  const Match found = match(twins, {"app"});
  REQUIRE(found.ambiguous.size() == 1);
  CHECK(found.ambiguous.front().paths == std::vector<std::string>{"/mnt/ds1/a/a.vmx", "/mnt/ds2/a/a.vmx"});
  CHECK(found.chosen == std::vector<bool>{true, true});
  CHECK(match(twins, {"ap*"}).ambiguous.empty());
  CHECK(match(twins, {"/mnt/ds2/a/a.vmx"}).ambiguous.empty());
}

TEST_CASE("empty patterns, a lone exclamation mark and what is no slot are no selectors") {
  CHECK(check_selectors({{""}, {}}));
  CHECK(check_selectors({{"!"}, {}}));
  CHECK(check_selectors({{}, {"Hard disk 1"}}));
  CHECK(check_selectors({{}, {"scsi0"}}));
  CHECK(check_selectors({{}, {""}}));
  CHECK_FALSE(check_selectors({{"a", "!a"}, {"scsi0:0", "SATA1:29", "nvme0:0", "ide1:1"}}));
}

TEST_CASE("a slot that no selected machine has matches nothing") {
  const auto datastore = support::scan({{"a/a.vmx", support::vmx("a.vmdk")}, {"b/b.vmx", support::vmx("b.vmdk")}});
  CHECK(select(datastore, {{}, {"SCSI0:0"}}).unmatched.empty());
  const Selection found = select(datastore, {{"a"}, {"scsi0:1"}});
  REQUIRE(found.unmatched.size() == 1);
  CHECK(found.unmatched.front().option == "--disk");
  CHECK(found.unmatched.front().nearest == std::vector<std::string>{"scsi0:0"});
}

TEST_CASE("what was not selected is taken out") {
  auto datastore = support::scan({{"a/a.vmx", support::vmx("a.vmdk")}, {"b/b.vmx", support::vmx("b.vmdk")}});
  const Selection found = select(datastore, {{"b"}, {}});
  CHECK_FALSE(found.has_every_machine);
  narrow(datastore, found);
  REQUIRE(datastore.virtual_machines.size() == 1);
  CHECK(found.has(datastore.virtual_machines.front()));
  CHECK(select(datastore, {}).is_all());
}
