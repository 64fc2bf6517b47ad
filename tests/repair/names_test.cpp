// Names on a datastore may be anybody's: none of them throws, and what is no name of ours is none.
#include "tests/support/catch.h"

#include <sys/wait.h>
#include <unistd.h>

#include "repair/lock.h"
#include "tests/support/workshop.h"

using namespace support;

namespace {

const std::string run = "20260131T093000Z-1f2e";

std::string own_token() { return repair::token_of(repair::this_owner()); }

}  // namespace

TEST_CASE("a token that no process can have is none") {
  for (const char* text :
       {"", "-", "1-1-1-1", "1-1-1-1-1-1", "fffffffffffffffffff-1-1-1-1", "1-fffffffffffffffffff-1-1-1",
        "1-1-100000000-1-1", "0-1-1-1-1", "80000000-1-1-1-1", "-1-1-1-1-1", "1--1-1-1", "g-1-1-1-1", "1-1-1-1-1 "}) {
    INFO(text);
    CHECK_FALSE(repair::is_token(text));
    CHECK(repair::process_of(text) == 0);
    CHECK(repair::life_of(text) == repair::Life::cannot_tell);
    CHECK_FALSE(repair::marker_from(run + "." + text + ".a.vmx"));
    CHECK_FALSE(repair::at_work_from(std::string("a.vmx.") + text + ".new"));
  }
  CHECK(repair::is_token(own_token()));
  CHECK(repair::marker_from(run + "." + own_token() + ".a.b.vmx")->vm_name == "a.b.vmx");
}

TEST_CASE("a name in a lock that is none of ours is a lock that does not say whose it is") {
  Workshop shop(two_disks());
  shop.disk.put("x/.cbtctl/lock/" + run + ".fffffffffffffffffff-1-1-1-1.x.vmx", "");
  shop.disk.put("x/.cbtctl/" + run + "/x.vmx.fffffffffffffffffff-1-1-1-1.new", "");
  const auto found = repair::find_unfinished({0, "x"}, *shop.sites[0].writer);
  REQUIRE(found);
  CHECK(found->run.empty());
  CHECK(found->life == repair::Life::cannot_tell);
}

TEST_CASE("a process lives, is dead, or nobody can tell") {
  const repair::Owner here = repair::this_owner();
  CHECK(repair::life_of(repair::token_of(here)) == repair::Life::alive);
  const auto as = [&](auto&& change) {
    repair::Owner other = here;
    change(other);
    return repair::life_of(repair::token_of(other));
  };
  CHECK(as([](auto& owner) { owner.started += 1; }) == repair::Life::dead);  // the number was given anew
  CHECK(as([](auto& owner) { owner.started = 0; }) == repair::Life::cannot_tell);
  CHECK(as([](auto& owner) { owner.boot += "x"; }) == repair::Life::cannot_tell);  // a clone, or a container
  CHECK(as([](auto& owner) { owner.machine += "x"; }) == repair::Life::cannot_tell);
  CHECK(as([](auto& owner) { owner.process_space += "x"; }) == repair::Life::cannot_tell);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(0);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(as([&](auto& owner) { owner.process = child; }) == repair::Life::dead);
}

TEST_CASE("a run's id has one form, and the next one is later whatever was planted") {
  for (const char* text :
       {"", "20260131T093000Z-", "20260131T093000Z-1f2", "20260131T093000Z-1f2e5", "20260131T093000Z",
        "20260131T093000Z-1F2E", "20261331T093000Z-1f2e", "20260131T093000Z-1f2e/", "lock"}) {
    INFO(text);
    CHECK_FALSE(repair::is_run_id(text));
  }
  CHECK(repair::new_run_id("99981231T235959Z-ffff") == "99990101T000000Z-0000");
  CHECK(repair::is_run_id(repair::new_run_id("99991231T235959Z-ffff")));
}

TEST_CASE("a plan of a later format says which version reads it") {
  const Workshop shop(two_disks());
  std::string text = to_text(shop.begun("reset"));
  const auto replace = [&](const std::string& from, const std::string& to) {
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
  };
  replace("cbtctl.plan/2", "cbtctl.plan/9");
  replace("\"tool\": \"", "\"tool\": \"7.");
  const auto plan = repair::plan_from_text(text);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().message.find("use cbtctl 7.") != std::string::npos);
}
