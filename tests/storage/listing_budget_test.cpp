// Hosts whose folders have no end, by the shell and by SFTP, and the bound that each of them meets.
#include "storage/listing_budget.h"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>

#include "storage/child_process.h"
#include "storage/ssh_reader.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace cbtctl::storage;

namespace {

// tests/ssh/hostile.py, which ends with this.
class HostileHost {
 public:
  explicit HostileHost(const std::string& listing) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    ours_ = Descriptor(ends[0]);
    const Descriptor theirs(ends[1]);
    const std::string script = std::string(CBTCTL_SOURCE_DIR) + "/tests/ssh/hostile.py";
    auto started = start_program({"/usr/bin/python3", script, folder_ / "", listing}, theirs);
    REQUIRE(started);
    process_ = std::move(*started);
    for (char c = 0; ::recv(ours_.get(), &c, 1, 0) == 1 && c != '\n';) ssh_config_ += c;
    REQUIRE_FALSE(ssh_config_.empty());
  }
  [[nodiscard]] SshOptions options(SshTransport transport, const SshLimits& limits) const {
    SshOptions options;
    options.config_file = ssh_config_;
    options.transport = transport;
    options.limits = limits;
    return options;
  }
  [[nodiscard]] static SshPlace open(const SshOptions& options, const std::string& path = "/vmfs") {
    auto place = open_ssh({.is_ssh = true, .user = {}, .host = "esx", .port = {}, .path = path}, options);
    if (!place) FAIL(place.error().message);
    return std::move(*place);
  }

 private:
  support::TemporaryFolder folder_;
  ChildProcess process_;
  Descriptor ours_;  // last: its end is the other's
  std::string ssh_config_;
};

// Lists one folder below the other until that fails: the error, which has to come.
std::string trouble_of(Reader& reader) {
  std::string folder;
  for (int depth = 0; depth < 100; ++depth) {
    reader.submit({{1, ListRequest{.folder = folder, .goes_on = true}}});
    const auto replies = reader.collect();
    REQUIRE(replies.size() == 1);
    if (!replies[0].answer) return replies[0].answer.error().message;
    folder += folder.empty() ? "d" : "/d";
  }
  return {};
}

std::string trouble_of(const std::string& listing, SshTransport transport, const SshLimits& limits) {
  const HostileHost host(listing);
  const SshPlace place = HostileHost::open(host.options(transport, limits));
  const std::string trouble = trouble_of(*place.reader);
  REQUIRE(place.reader->failure());  // nothing more is asked of such a host
  return trouble;
}

}  // namespace

TEST_CASE("what a listing may have is counted over all listings") {
  ListingBudget budget({.entries = 3, .depth = 2, .path_bytes = 8, .bytes = 100});
  CHECK(budget.take_entry("", "a"));
  CHECK(budget.take_entry("a/b", "c"));
  CHECK(budget.take_entry("", "1234567"));
  CHECK(budget.take_entry("", "b").error().message == "the listing is given up: it has more than 3 entries");
  CHECK(budget.take_bytes(100));
  CHECK(budget.take_bytes(1).error().message == "the listing is given up: it has more than 100 bytes");
  ListingBudget fresh({.entries = 3, .depth = 2, .path_bytes = 8});
  CHECK(fresh.take_entry("a/b/c", "d").error().message ==
        "the listing is given up: a path leads through more than 2 folders");
  CHECK(fresh.take_entry("", "12345678").error().message == "the listing is given up: a path has more than 8 bytes");
}

TEST_CASE("each host has one budget, and another host another") {
  ListingBudgets budgets;
  CHECK(budgets.of("root@esx1:22", {.entries = 1})->take_entry("", "a"));
  CHECK_FALSE(budgets.of("root@esx1:22", {.entries = 1})->take_entry("", "b"));
  CHECK(budgets.of("root@esx1:23", {.entries = 1})->take_entry("", "b"));
}

TEST_CASE("two targets on one host have one budget together") {
  const auto transport = GENERATE(SshTransport::shell, SshTransport::sftp);
  const HostileHost host("some");
  SshLimits limits;
  limits.listing.entries = 7'000;
  const SshOptions options = host.options(transport, limits);
  for (const char* path : {"/vmfs/a", "/vmfs/b"}) {
    const SshPlace place = HostileHost::open(options, path);
    place.reader->submit({{1, ListRequest{.folder = ""}}});
    const auto replies = place.reader->collect();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].answer.has_value() == (std::string(path) == "/vmfs/a"));
  }
  const SshPlace apart = HostileHost::open(host.options(transport, limits), "/vmfs/c");  // of another scan
  apart.reader->submit({{1, ListRequest{.folder = ""}}});
  CHECK(apart.reader->collect().at(0).answer.has_value());
}

TEST_CASE("a host that lists without end is left, and the bound is told") {
  const auto transport = GENERATE(SshTransport::shell, SshTransport::sftp);
  SshLimits limits;
  SECTION("entries") {
    limits.listing.entries = 20'000;
    CHECK(trouble_of("endless", transport, limits) ==
          "root@esx: the listing is given up: it has more than 20000 entries");
  }
  SECTION("bytes") {
    limits.listing.bytes = 300'000;
    CHECK(trouble_of("endless", transport, limits) ==
          "root@esx: the listing is given up: it has more than 300000 bytes");
  }
  SECTION("depth") {
    limits.listing.depth = 8;
    CHECK(trouble_of("deep", transport, limits) ==
          "root@esx: the listing is given up: a path leads through more than 8 folders");
  }
  SECTION("paths") {
    CHECK(trouble_of("long", transport, limits) ==
          "root@esx: the listing is given up: a path has more than 4096 bytes");
  }
}

TEST_CASE("a question that has an answer without end is ended, however much is said") {
  const auto transport = GENERATE(SshTransport::shell, SshTransport::sftp);
  SshLimits limits;
  limits.question = std::chrono::seconds(1);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(trouble_of("dripping", transport, limits) ==
        "root@esx: one question takes longer than 1 s (--question-timeout)");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}
