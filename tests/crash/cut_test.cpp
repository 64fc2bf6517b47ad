// The line is cut, or the process ends, at every change of the datastore and every line of the journal in turn. After
// recovery each machine is byte for byte what it was, or wholly changed, and undo restores it.
#include "tests/support/catch.h"

#include "tests/crash/cases.h"
#include "tests/support/faulty_writer.h"

using namespace support;

namespace {

void recover_everywhere(Workshop& shop) {
  for (const std::string& folder : crash::folders()) static_cast<void>(shop.recover(folder));
}

// Runs until the moment; true where the run came to its end before.
bool run_until(Workshop& shop, const repair::Plan& plan, std::size_t moment) {
  Moments moments{.last = moment};
  shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
  shop.journal.may_write = [&] { return moments.next(); };
  static_cast<void>(shop.carry_out(plan));
  shop.use(shop.disk.writer());
  shop.journal.may_write = [] { return true; };
  return !moments.is_over();
}

Files wholly_changed(const crash::Case& subject) {
  Workshop shop(subject.files);
  const auto plan = shop.begun(subject.request);
  REQUIRE(plan.machines.size() == 1);
  const auto result = shop.carry_out(plan);
  INFO(result.message);
  REQUIRE(result.outcome == Outcome::changed);
  return contents_of(shop.disk);
}

}  // namespace

TEST_CASE("cut at every moment, then recovered, then undone", "[crash]") {
  for (const crash::Case& subject : crash::cases()) {
    const Files changed = wholly_changed(subject);
    bool ended = false;
    std::size_t moment = 0;
    std::size_t changes = 0;
    for (; !ended; ++moment) {
      Workshop shop(subject.files);
      const Files before = contents_of(shop.disk);
      const auto plan = shop.begun(subject.request);
      changes = plan.machines.at(0).changes.size();
      ended = run_until(shop, plan, moment);
      INFO(subject.name << ", cut after " << moment << " moments");
      CHECK(crash::is_off_in_between(shop, plan, before, changed));
      recover_everywhere(shop);
      const Files now = contents_of(shop.disk);
      CHECK((now == before || now == changed));
      CHECK_FALSE(crash::has_lock(shop.disk));
      if (now == before) continue;
      CHECK(shop.take_back(plan).outcome == Outcome::restored);
      CHECK(contents_of(shop.disk) == before);
      CHECK_FALSE(shop.disk.folders().contains("x/.cbtctl"));
    }
    CHECK(moment > 2 * changes);  // each is noted, then done
  }
}

TEST_CASE("the recovery is cut at every moment too", "[crash]") {
  const crash::Case subject = crash::cases().front();
  const Files changed = wholly_changed(subject);
  bool ended = false;
  for (std::size_t first = 0; !ended; ++first) {
    bool recovered = false;
    for (std::size_t second = 0; !recovered; ++second) {
      Workshop shop(subject.files);
      const Files before = contents_of(shop.disk);
      const auto plan = shop.begun(subject.request);
      ended = run_until(shop, plan, first);
      Moments moments{.last = second};
      shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
      recover_everywhere(shop);
      recovered = !moments.is_over();
      shop.use(shop.disk.writer());
      recover_everywhere(shop);
      const Files now = contents_of(shop.disk);
      INFO("cut after " << first << " and " << second << " moments");
      REQUIRE((now == before || now == changed));
      REQUIRE_FALSE(crash::has_lock(shop.disk));
    }
  }
}

TEST_CASE("an undo that is cut at every moment can be finished", "[crash]") {
  for (const crash::Case& subject : crash::cases()) {
    bool ended = false;
    for (std::size_t moment = 0; !ended; ++moment) {
      Workshop shop(subject.files);
      const Files before = contents_of(shop.disk);
      const auto plan = shop.begun(subject.request);
      REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
      const Files changed = contents_of(shop.disk);
      Moments moments{.last = moment};
      shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
      shop.journal.may_write = [&] { return moments.next(); };
      static_cast<void>(shop.take_back(plan));
      ended = !moments.is_over();
      shop.use(shop.disk.writer());
      shop.journal.may_write = [] { return true; };
      CHECK(crash::is_off_in_between(shop, plan, before, changed));
      recover_everywhere(shop);
      const Files now = contents_of(shop.disk);
      INFO(subject.name << ", undo cut after " << moment << " moments");
      CHECK((now == before || now == changed));
      CHECK_FALSE(crash::has_lock(shop.disk));
      if (now == before) continue;
      CHECK(shop.take_back(plan).outcome == Outcome::restored);
      CHECK(contents_of(shop.disk) == before);
    }
  }
}
