// Other programs end when they are not needed any more, whether they want to or not.
#include "storage/child_process.h"

#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "tests/support/catch.h"

using namespace cbtctl::storage;
using Clock = std::chrono::steady_clock;

namespace {

// Its id, once it has said that it runs.
pid_t started(const std::string& script, ChildProcess& process) {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const Descriptor ours(ends[0]);
  const Descriptor theirs(ends[1]);
  auto program = start_program({"/bin/sh", "-c", script}, theirs);
  REQUIRE(program);
  process = std::move(*program);
  std::array<char, 16> said{};
  REQUIRE(::recv(ours.get(), said.data(), said.size() - 1, 0) > 0);
  return std::stoi(said.data());
}

bool is_alive(pid_t id) { return ::kill(id, 0) == 0; }

}  // namespace

TEST_CASE("a program that heeds SIGTERM ends at once") {
  const auto begin = Clock::now();
  pid_t id = 0;
  {
    ChildProcess process;
    id = started("echo $$; exec sleep 60", process);
    CHECK(is_alive(id));
  }
  CHECK_FALSE(is_alive(id));
  CHECK(Clock::now() - begin < std::chrono::milliseconds(1900));
}

TEST_CASE("a program that ignores SIGTERM is killed after a grace") {
  const auto begin = Clock::now();
  pid_t id = 0;
  {
    ChildProcess process;
    id = started("trap '' TERM; echo $$; while :; do sleep 1; done", process);
  }
  CHECK_FALSE(is_alive(id));
  CHECK(Clock::now() - begin < std::chrono::seconds(10));
}

TEST_CASE("a program that does not end in time is no answer") {
  const auto begin = Clock::now();
  for (const char* script : {"exec sleep 60", "exec >&- 2>&-; exec sleep 60", "sleep 60 & exit 0"}) {
    const auto ran = run_program({"/bin/sh", "-c", script}, std::chrono::seconds(1));
    const bool ends = std::string_view(script).ends_with("exit 0");  // what it left behind holds its streams open
    REQUIRE(ran.has_value() == ends);
    if (!ends) CHECK(ran.error().message.find("does not end within 1 s") != std::string::npos);
  }
  CHECK(Clock::now() - begin < std::chrono::seconds(15));
  const auto quick = run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, std::chrono::seconds(60));
  REQUIRE(quick);
  CHECK(quick->output == "out\n");
  CHECK(quick->errors == "err\n");
  CHECK(quick->exit_status == 3);
}
