// A process that changes real files is killed by SIGKILL before every change and every line of the journal in turn; the
// next process finds it dead and puts the machine right.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include "tests/support/catch.h"

#include "tests/crash/cases.h"
#include "tests/support/faulty_writer.h"
#include "tests/support/local_place.h"

using namespace support;

namespace {

class KillingJournal final : public repair::Journal {
 public:
  KillingJournal(std::unique_ptr<repair::Journal> journal, Moments& moments)
      : journal_(std::move(journal)), moments_(moments) {}
  formats::core::Status append(repair::Step step) override {
    moments_.next();
    return journal_->append(std::move(step));
  }

 private:
  std::unique_ptr<repair::Journal> journal_;
  Moments& moments_;
};

std::vector<repair::Site> sites_at(const LocalPlace& place) {
  return {{place.root(), std::move(*storage::open_local_writer(place.root()))}};
}

repair::Plan begun(const LocalPlace& place, const repair::Request& request) {
  const auto sites = sites_at(place);
  const Datastore datastore = place.scan();
  auto plan = repair::make_plan(datastore, cbtctl::analysis::analyze(datastore), request, sites);
  for (auto& machine : plan.machines) REQUIRE(repair::seal(machine, sites));
  return plan;
}

// The work of a process that dies at the moment; returns whether it lived to the end.
[[noreturn]] void work(const LocalPlace& place, repair::Plan plan, std::size_t moment) {
  Moments moments{.last = moment, .at_end = [] { ::kill(::getpid(), SIGKILL); }};
  plan.owner = repair::this_owner();
  auto journal = repair::create_journal(plan);
  if (!journal) ::_exit(1);
  const std::vector<repair::Site> sites{
      {place.root(), std::make_shared<FaultyWriter>(std::move(*storage::open_local_writer(place.root())), moments)}};
  KillingJournal killing(std::move(*journal), moments);
  const auto result = repair::carry_out(plan, plan.machines.at(0), {sites, killing, place.look()});
  ::_exit(result.outcome == Outcome::changed ? 0 : 2);
}

bool lives_until(const LocalPlace& place, const repair::Plan& plan, std::size_t moment) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) work(place, plan, moment);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  return WIFEXITED(status);
}

void recover(const LocalPlace& place) {
  const auto sites = sites_at(place);
  for (const std::string& folder : crash::folders()) {
    const auto found = repair::find_unfinished({0, folder}, *sites[0].writer);
    if (!found) continue;
    CHECK(found->life == repair::Life::dead);
    const auto result = repair::recover(*found, sites, place.look(), false);
    INFO(told(result));
    CHECK((result.outcome == Outcome::rolled_back || result.outcome == Outcome::changed));
  }
}

}  // namespace

TEST_CASE("killed at every moment, a machine is as before or wholly changed, and undo restores it", "[crash]") {
  const auto all = crash::cases();
  for (const crash::Case& subject : {all[0], all[3], all[5]}) {
    const LocalPlace whole(subject.files);
    const auto undisturbed = begun(whole, subject.request);
    REQUIRE(lives_until(whole, undisturbed, SIZE_MAX));
    const Files changed = whole.contents();
    bool lived = false;
    std::size_t moment = 0;
    for (; !lived; ++moment) {
      const LocalPlace place(subject.files);
      const Files before = place.contents();
      const auto plan = begun(place, subject.request);
      lived = lives_until(place, plan, moment);
      INFO(subject.name << ", killed after " << moment << " moments");
      recover(place);
      const Files now = place.contents();
      REQUIRE((now == before || now == changed));
      if (now == before) continue;
      CHECK_FALSE(place.has_leftovers());
      const auto sites = sites_at(place);
      const auto journal = repair::reopen_journal(plan.id);
      CHECK(repair::take_back(plan, plan.machines[0], {sites, *journal, place.look()}).outcome == Outcome::restored);
      REQUIRE(place.contents() == before);
      CHECK_FALSE(std::filesystem::exists(place.path("x/.cbtctl")));
      CHECK(repair::recorded_run(plan.id)->outcome_of(plan.machines[0]) == Outcome::restored);
    }
    CHECK(moment > 2 * undisturbed.machines[0].changes.size());  // each is noted, then done
  }
}

TEST_CASE("a run that lives is never broken, and its owner is told", "[crash]") {
  const LocalPlace place(two_disks());
  const auto plan = begun(place, request_for("reset"));
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  constexpr std::size_t in_the_middle = 20;
  if (child == 0) {
    Moments moments{.last = in_the_middle, .at_end = [&] {
                      if (::write(ready[1], "x", 1) == 1) ::pause();
                    }};
    auto mine = plan;
    mine.owner = repair::this_owner();
    const std::vector<repair::Site> sites{
        {place.root(), std::make_shared<FaultyWriter>(std::move(*storage::open_local_writer(place.root())), moments)}};
    MemoryJournal journal;
    static_cast<void>(repair::carry_out(mine, mine.machines.at(0), {sites, journal, place.look()}));
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  const Files middle = place.contents();
  const auto sites = sites_at(place);
  const auto found = repair::find_unfinished({0, "x"}, *sites[0].writer);
  REQUIRE(found);
  CHECK(found->life == repair::Life::alive);
  CHECK(found->owner.find("process " + std::to_string(child)) != std::string::npos);
  const auto taken = repair::recover(*found, sites, place.look(), true);  // not even by the operator's word
  CHECK(taken.outcome == Outcome::refused);
  CHECK(taken.reason == Reason::locked);
  CHECK(place.contents() == middle);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  recover(place);
  CHECK_FALSE(place.has_leftovers());
  ::close(ready[0]);
  ::close(ready[1]);
}
