// What is in the way without anybody dying: a full disk, a folder that cannot be written, a file of another owner,
// links, a journal that was cut, two runs at once, a clock that was set back.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include "tests/support/catch.h"

#include "tests/crash/cases.h"
#include "tests/support/faulty_writer.h"
#include "tests/support/local_place.h"

using namespace support;

namespace {

namespace fs = std::filesystem;

void recover_everywhere(Workshop& shop) {
  for (const std::string& folder : crash::folders()) static_cast<void>(shop.recover(folder));
}

std::vector<repair::Site> sites_at(const LocalPlace& place) {
  return {{place.root(), std::move(*storage::open_local_writer(place.root()))}};
}

repair::Plan begun(const LocalPlace& place, const std::string& verb) {
  const auto sites = sites_at(place);
  auto plan = repair::make_plan(place.scan(), {}, request_for(verb), sites);
  for (auto& machine : plan.machines) static_cast<void>(repair::seal(machine, sites));
  plan.owner = repair::this_owner();
  return plan;
}

repair::MachineResult carry_out(const LocalPlace& place, const repair::Plan& plan) {
  const auto sites = sites_at(place);
  MemoryJournal journal;
  return repair::carry_out(plan, plan.machines.at(0), {sites, journal, place.look()});
}

// The exit status of what a child process does.
template <typename Work>
int in_child(Work&& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(work());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a disk that is full changes nothing and needs no recovery", "[crash]") {
  for (const crash::Case& subject : crash::cases()) {
    Workshop shop(subject.files);
    const Files before = contents_of(shop.disk);
    const auto plan = shop.begun(subject.request);
    bool filled = true;
    for (int written = 0; filled; ++written) {
      filled = false;
      int count = 0;
      shop.use(std::make_unique<RefusingWriter>(shop.disk.writer(), [&](const std::string& what) {
        const bool writes = what == "create" || what == "make_folder";
        filled |= writes && count >= written;
        return writes && count++ >= written;
      }));
      const auto result = shop.carry_out(plan);
      shop.use(shop.disk.writer());
      INFO(subject.name << ", full after " << written << ": " << told(result));
      if (!filled) break;
      CHECK((result.outcome == Outcome::failed || result.outcome == Outcome::rolled_back));
      REQUIRE(contents_of(shop.disk) == before);
      CHECK_FALSE(crash::has_lock(shop.disk));
    }
    CHECK(contents_of(shop.disk) != before);
  }
}

TEST_CASE("each change that fails once leaves the machine as it was, or wholly changed", "[crash]") {
  for (const crash::Case& subject : crash::cases()) {
    bool failed = true;
    for (int which = 0; failed; ++which) {
      Workshop shop(subject.files);
      const Files before = contents_of(shop.disk);
      const auto plan = shop.begun(subject.request);
      int count = 0;
      failed = false;
      shop.use(std::make_unique<RefusingWriter>(shop.disk.writer(), [&](const std::string&) {
        const bool now = count++ == which;
        failed |= now;
        return now;
      }));
      const auto result = shop.carry_out(plan);
      const bool changed = result.outcome == Outcome::changed;
      shop.use(shop.disk.writer());
      INFO(subject.name << ", change " << which << " failed: " << told(result));
      CHECK((contents_of(shop.disk) == before) != changed);
      recover_everywhere(shop);
      CHECK((contents_of(shop.disk) == before) != changed);
      CHECK_FALSE(crash::has_lock(shop.disk));
    }
  }
}

TEST_CASE("the journal comes first: where it cannot be written nothing is changed", "[crash]") {
  Workshop shop(two_disks());
  const Files before = contents_of(shop.disk);
  const auto plan = shop.begun("reset");
  std::size_t lines = 0;
  bool ended = false;
  for (std::size_t most = 0; !ended; ++most) {
    lines = 0;
    shop.journal.may_write = [&] { return lines++ < most; };
    const auto result = shop.carry_out(plan);
    ended = result.outcome == Outcome::changed;
    INFO(most << " lines: " << told(result));
    if (ended) break;
    CHECK(result.outcome == (most == 0 ? Outcome::failed : Outcome::rolled_back));
    REQUIRE(contents_of(shop.disk) == before);
  }
  CHECK(lines == 8);  // begin, six steps, changed
}

TEST_CASE("a folder that cannot be written changes nothing", "[crash]") {
  const LocalPlace place(two_disks());
  const auto plan = begun(place, "reset");
  const Files before = place.contents();
  fs::permissions(place.path("x"), fs::perms(0555));
  for (const auto& [path, content] : two_disks()) fs::permissions(place.path(path), fs::perms(0644));
  fs::permissions(place.path(".."), fs::perms(0755));
  const Files readable = place.contents();
  const int status = in_child([&] {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) return 9;
    const auto result = carry_out(place, plan);
    return result.outcome == Outcome::failed || result.outcome == Outcome::refused ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK(place.contents() == readable);
  CHECK_FALSE(fs::exists(place.path("x/.cbtctl")));
  fs::permissions(place.path("x"), fs::perms(0755));
}

TEST_CASE("a file whose owner cannot be kept is not changed", "[crash]") {
  if (::geteuid() != 0) FAIL("only root can make a file of somebody else: run the tests as root");
  const LocalPlace place(two_disks());
  constexpr uid_t somebody = 12345;
  constexpr uid_t nobody = 65534;
  REQUIRE(::chown(place.path("x/x.vmx").c_str(), somebody, somebody) == 0);
  for (const auto& [path, content] : two_disks()) fs::permissions(place.path(path), fs::perms(0644));
  fs::permissions(place.path("x"), fs::perms(0777));
  fs::permissions(place.path(".."), fs::perms(0755));
  const auto plan = begun(place, "reset");
  const Files before = place.contents();
  CHECK(in_child([&] {
          if (::setuid(nobody) != 0) return 9;
          const auto result = carry_out(place, plan);
          return result.outcome == Outcome::rolled_back && result.message.find("owner") != std::string::npos ? 0 : 1;
        }) == 0);
  CHECK(place.contents() == before);
  CHECK_FALSE(fs::exists(place.path("x/.cbtctl")));
  CHECK(carry_out(place, plan).outcome == Outcome::changed);  // root keeps it
  struct stat found {};
  REQUIRE(::stat(place.path("x/x.vmx").c_str(), &found) == 0);
  CHECK(found.st_uid == somebody);
  CHECK((found.st_mode & 07777) == 0644);
}

TEST_CASE("no write goes through a link", "[crash]") {
  const auto plant = GENERATE(0, 1, 2, 3);
  const LocalPlace place(two_disks());
  fs::create_directories(place.path("../outside/lock"));
  auto plan = begun(place, "reset");
  const fs::path outside = place.path("../outside");
  if (plant == 0) fs::create_symlink(outside, place.path("x/.cbtctl"));
  if (plant == 1) {
    fs::create_directories(place.path("x/.cbtctl"));
    fs::create_symlink(outside, place.path("x/.cbtctl/" + plan.id));
  }
  if (plant == 2) {
    fs::create_directories(place.path("x/.cbtctl"));
    fs::create_symlink(outside / "lock", place.path("x/.cbtctl/lock"));
  }
  if (plant == 3) {
    fs::rename(place.path("x/x.vmdk"), outside / "x.vmdk");
    fs::create_symlink(outside / "x.vmdk", place.path("x/x.vmdk"));
  }
  const auto count = [&] { return std::distance(fs::recursive_directory_iterator(outside), {}); };
  const auto before = count();
  const Files contents = place.contents();
  const auto result = carry_out(place, plan);
  INFO(plant << ": " << told(result));
  CHECK((result.outcome == Outcome::failed || result.outcome == Outcome::refused ||
         result.outcome == Outcome::rolled_back));
  CHECK(count() == before);
  CHECK(place.contents() == contents);
}

TEST_CASE("a CTK file that is a link is not moved", "[crash]") {
  const LocalPlace place(two_disks());
  fs::rename(place.path("x/x-ctk.vmdk"), place.path("../kept-ctk.vmdk"));
  fs::create_symlink(place.path("../kept-ctk.vmdk"), place.path("x/x-ctk.vmdk"));
  const auto sites = sites_at(place);
  const auto plan = repair::make_plan(place.scan(), {}, request_for("reset"), sites);
  CHECK(plan.machines.empty());
  CHECK(fs::is_symlink(place.path("x/x-ctk.vmdk")));
}

TEST_CASE("a journal that was cut at any byte is read as far as it goes, and written on", "[crash]") {
  const LocalPlace place(two_disks());
  const auto plan = begun(place, "reset");
  auto journal = repair::create_journal(plan);
  REQUIRE(journal);
  for (const char* what : {"begin", "edit", "changed"})
    REQUIRE((*journal)->append({.vm = "x/x.vmx", .what = what, .path = "x/\xff\n.vmx"}));
  journal->reset();
  const fs::path file = place.path("../state/cbtctl") / plan.id / "journal";
  std::ifstream stream(file, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), {}};
  CHECK(repair::recorded_run(plan.id)->steps.at(1).path == "x/\xff\n.vmx");
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    const auto run = repair::recorded_run(plan.id);
    REQUIRE(run);
    CHECK(run->plan);
    CHECK(run->steps.size() <= 3);
    const Outcome before_all = run->steps.empty() ? Outcome::not_begun : Outcome::unfinished;
    CHECK(run->outcome_of(run->plan->machines[0]) == (run->steps.size() == 3 ? Outcome::changed : before_all));
    REQUIRE(repair::reopen_journal(plan.id)->append({.vm = "x/x.vmx", .what = "restored"}));
    CHECK(repair::recorded_run(plan.id)->outcome_of(plan.machines[0]) == Outcome::restored);
  }
}

TEST_CASE("a plan beside the files that was cut at any byte is never taken for nothing done", "[crash]") {
  Workshop shop(healthy());
  const auto plan = shop.begun("reset");
  Moments moments{.last = 0};
  while (contents_of(shop.disk).contains("x/x-ctk.vmdk")) {
    shop.disk = {};
    for (const auto& [path, content] : healthy()) shop.disk.put(path, content);
    moments = {.last = moments.last + 1};
    shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
    static_cast<void>(shop.carry_out(shop.begun("reset")));
  }
  shop.use(shop.disk.writer());
  std::string copy;
  for (const auto& [path, inode] : shop.disk.files()) {
    if (path.ends_with(".plan.json")) copy = path;
  }
  const std::string whole = shop.disk.files().at(copy)->content;
  const Files middle = contents_of(shop.disk);
  for (std::size_t length = 0; length + 1 < whole.size(); length += 7) {  // without the last newline it is whole
    shop.disk.put(copy, whole.substr(0, length));
    const auto result = shop.recover("x").back();
    REQUIRE(result.outcome == Outcome::failed);
    REQUIRE(contents_of(shop.disk) == middle);
    REQUIRE(crash::has_lock(shop.disk));
  }
  shop.disk.put(copy, whole);
  CHECK(shop.recover("x").back().outcome == Outcome::rolled_back);
}

TEST_CASE("of two runs at once one changes the machine, and the other is refused", "[crash]") {
  constexpr int rounds = 12;
  for (int round = 0; round < rounds; ++round) {
    const LocalPlace place(two_disks());
    const Files before = place.contents();
    int ready[2];
    int start[2];
    REQUIRE((::pipe(ready) == 0 && ::pipe(start) == 0));
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        const auto plan = begun(place, "disable");
        ::close(start[1]);
        char byte = 0;
        if (::write(ready[1], "x", 1) != 1 || ::read(start[0], &byte, 1) != 0) ::_exit(9);  // until it is closed
        const auto result = carry_out(place, plan);
        ::_exit(result.outcome == Outcome::changed                                              ? 1
                : result.reason == Reason::locked || result.reason == Reason::changed_meanwhile ? 0
                                                                                                : 8);
      }
      children.push_back(child);
    }
    ::close(start[0]);
    char byte = 0;
    for (std::size_t i = 0; i < children.size(); ++i) REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(start[1]);
    ::close(ready[0]);
    ::close(ready[1]);
    int changed = 0;
    for (const pid_t child : children) {
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      CHECK((WIFEXITED(status) && WEXITSTATUS(status) <= 1));
      changed += WEXITSTATUS(status);
    }
    CHECK(changed == 1);
    CHECK(place.contents() != before);
    CHECK_FALSE(place.has_leftovers());
  }
}

TEST_CASE("a file whose time lies in the future is young", "[crash]") {
  const LocalPlace place({{"z/z-ctk.vmdk", small_tracking()}});
  fs::last_write_time(place.path("z/z-ctk.vmdk"), fs::file_time_type::clock::now() + std::chrono::hours(48));
  auto request = request_for("clean");
  request.least_age_ns = 0;
  const auto datastore = place.scan();
  const auto plan = repair::make_plan(datastore, cbtctl::analysis::analyze(datastore), request, sites_at(place));
  CHECK(reason_of(plan) == "too-young");
}
