// A file that a plan creates: nothing plans one yet, and what later versions plan must be read, recovered and taken
// back.
#include "tests/support/catch.h"

#include "repair/purge.h"
#include "repair/standing.h"
#include "tests/support/workshop.h"

using namespace support;

namespace {

const std::string path = "x/new.vmdk";

// A reset, and between its keys a file that was not there.
repair::Plan with_file(const Workshop& shop) {
  repair::Plan plan = shop.begun("reset");
  plan.id = "20260131T093000Z-1f2e";
  auto& changes = plan.machines.front().changes;
  const std::string content = "made";
  changes.insert(changes.end() - 1, {.kind = repair::ChangeKind::create,
                                     .phase = repair::Phase::tracking,
                                     .spot = {0, path},
                                     .description = "a file",
                                     .sha256_before = {},
                                     .sha256_after = formats::core::sha256(content),
                                     .content_before = {},
                                     .content_after = content});
  return plan;
}

// Its first steps, as the executor goes them, and a stop.
void begin(Workshop& shop, const repair::Plan& plan, std::size_t steps) {
  const auto& machine = plan.machines.front();
  const repair::Workplace place{plan.id, machine, shop.sites};
  REQUIRE(place.enter());
  REQUIRE(lock(place));
  REQUIRE(place.prepare(plan));
  REQUIRE(check_untouched(place));
  REQUIRE_FALSE(has_begun(place));
  for (std::size_t i = 0; i < steps; ++i) {
    const auto& change = machine.changes[i];
    auto& writer = place.writer(change.spot);
    if (change.kind == repair::ChangeKind::edit) REQUIRE(writer.replace(place.waiting(i).path, change.spot.path));
    if (change.kind == repair::ChangeKind::create) REQUIRE(writer.move(place.waiting(i).path, change.spot.path));
    if (change.kind == repair::ChangeKind::quarantine)
      REQUIRE(writer.move(change.spot.path, place.kept(change.spot).path));
    CHECK(has_begun(place));
    CHECK(check_known(place));
  }
  CHECK(check_done(place).has_value() == (steps == machine.changes.size()));
}

// Of its folder what purge would delete, and all that lies there.
void check_purge(Workshop& shop, const repair::Plan& plan, std::size_t files) {
  const Datastore now = scan_disk(shop.disk);
  const auto left = repair::contents_of_run(now, 0, "x/.cbtctl/" + plan.id, *shop.sites[0].writer);
  REQUIRE(left);
  CHECK(left->staying.empty());
  CHECK(left->removable.size() == files);
}

}  // namespace

TEST_CASE("a plan that creates a file is read as the same plan") {
  const Workshop shop(two_disks());
  const std::string text = to_text(with_file(shop));
  const auto plan = repair::plan_from_text(text);
  REQUIRE(plan);
  CHECK(to_text(*plan) == text);
}

TEST_CASE("a plan that creates a file and changes it too is none") {
  const Workshop shop(two_disks());
  auto plan = with_file(shop);
  plan.machines.front().changes.push_back(plan.machines.front().changes.end()[-2]);
  CHECK_FALSE(repair::plan_from_text(to_text(plan)));
}

TEST_CASE("stopped anywhere, what was created goes aside, and all else is as before") {
  const std::size_t steps = with_file(Workshop(two_disks())).machines.front().changes.size();
  for (std::size_t done = 0; done < steps; ++done) {
    Workshop shop(two_disks());
    const Files before = contents_of(shop.disk);
    const auto plan = with_file(shop);
    begin(shop, plan, done);
    const auto results = shop.recover("x");
    INFO(done << " " << (results.empty() ? "nothing was found" : told(results.front())));
    REQUIRE(results.size() == 1);
    CHECK(results.front().outcome == Outcome::rolled_back);
    CHECK(contents_of(shop.disk) == before);
    const bool was_created = done + 1 == steps;
    CHECK(shop.disk.folders().contains("x/.cbtctl/" + plan.id) == was_created);
    CHECK_FALSE(shop.disk.folders().contains("x/.cbtctl/lock"));
    if (was_created) check_purge(shop, plan, 2);
  }
}

TEST_CASE("undo moves aside what was created, and refuses where somebody changed it") {
  for (const bool is_changed : {false, true}) {
    Workshop shop(two_disks());
    const Files before = contents_of(shop.disk);
    const auto plan = with_file(shop);
    const auto& machine = plan.machines.front();
    begin(shop, plan, machine.changes.size());
    const repair::Workplace place{plan.id, machine, shop.sites};
    repair::MachinePlan ended = machine;
    ended.end = end_of(place);
    unlock(place);
    check_purge(shop, plan, machine.changes.size());
    if (is_changed) shop.disk.put(path, "by hand");
    auto whole = plan;
    whole.machines.front() = ended;
    const auto result = shop.take_back(whole);
    INFO(told(result));
    CHECK(result.outcome == (is_changed ? Outcome::refused : Outcome::restored));
    if (is_changed) continue;
    CHECK(contents_of(shop.disk) == before);
    check_purge(shop, plan, 2);
  }
}
