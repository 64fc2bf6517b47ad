// The power fails at every moment, and of what was not synced nothing, everything, any beginning or any part reached
// the disk. After recovery each machine is byte for byte what it was, or wholly changed.
#include <random>
#include "tests/support/catch.h"

#include "tests/crash/cases.h"
#include "tests/support/faulty_writer.h"

using namespace support;

namespace {

using Reached = std::function<bool(std::size_t)>;

std::vector<Reached> ways(std::size_t unsynced, std::mt19937& chance) {
  std::vector<Reached> all{[](std::size_t) { return true; }};
  for (std::size_t beginning = 0; beginning < unsynced; ++beginning)
    all.emplace_back([=](std::size_t change) { return change < beginning; });
  constexpr int parts = 12;
  for (int i = 0; i < parts && unsynced > 1; ++i) {
    std::vector<bool> part(unsynced);
    for (std::size_t change = 0; change < unsynced; ++change) part[change] = chance() % 2 == 0;
    all.emplace_back([part](std::size_t change) { return part[change]; });
  }
  return all;
}

using Action = std::function<void(Workshop& shop, const repair::Plan& plan)>;

// Stopped at that moment, with the power gone in one of the ways; the number of ways there are.
struct Stopped {
  bool ended = false;
  std::size_t ways = 0;
};

Stopped lose_power(Workshop& shop, const repair::Plan& plan, const Action& action, std::size_t moment,
                   std::size_t way) {
  Moments moments{.last = moment};
  shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
  action(shop, plan);
  std::mt19937 chance(static_cast<unsigned>(moment));
  const auto all = ways(shop.disk.unsynced(), chance);
  shop.disk.lose_power(all.at(way));
  shop.use(shop.disk.writer());
  return {!moments.is_over(), all.size()};
}

// `prepare` leads to where the action begins.
void lose_power_everywhere(const crash::Case& subject, const Action& prepare, const Action& action) {
  std::size_t losses = 0;
  std::size_t moment = 0;
  Workshop whole(subject.files);
  const Files untouched = contents_of(whole.disk);
  const auto plan = whole.begun(subject.request);
  REQUIRE(whole.carry_out(plan).outcome == Outcome::changed);
  const Files changed = contents_of(whole.disk);
  bool ended = false;
  for (; !ended; ++moment) {
    std::size_t ways = 1;
    for (std::size_t way = 0; way < ways; ++way, ++losses) {
      Workshop shop(subject.files);
      const auto again = shop.begun(subject.request);
      prepare(shop, again);
      const Files before = contents_of(shop.disk);
      const Stopped stopped = lose_power(shop, again, action, moment, way);
      ended = stopped.ended;
      ways = stopped.ways;
      INFO(subject.name << ", power lost after " << moment << " moments, way " << way);
      REQUIRE(crash::is_off_in_between(shop, again, untouched, changed));
      std::string told;
      for (const std::string& folder : crash::folders()) {
        for (const auto& result : shop.recover(folder)) told += support::told(result) + "; ";
      }
      const Files now = contents_of(shop.disk);
      INFO(told);
      REQUIRE((now == untouched || now == changed));
      REQUIRE_FALSE(crash::has_lock(shop.disk));
      if (ended) REQUIRE(now != before);  // it was told to be done
    }
  }
  INFO(subject.name);
  CHECK(moment > plan.machines.at(0).changes.size());
  CHECK(losses > 2 * moment);  // what was not synced was lost in several ways
}

void carry_out(Workshop& shop, const repair::Plan& plan) { static_cast<void>(shop.carry_out(plan)); }
void take_back(Workshop& shop, const repair::Plan& plan) { static_cast<void>(shop.take_back(plan)); }
void nothing(Workshop&, const repair::Plan&) {}

}  // namespace

TEST_CASE("whatever a run has not synced may be lost at any moment", "[crash]") {
  for (const crash::Case& subject : crash::cases()) lose_power_everywhere(subject, nothing, carry_out);
}

TEST_CASE("whatever an undo has not synced may be lost at any moment", "[crash]") {
  for (const crash::Case& subject : crash::cases()) lose_power_everywhere(subject, carry_out, take_back);
}
