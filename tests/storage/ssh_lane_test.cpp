// One file over one connection: what is asked for together travels together, and nobody keeps the connection to
// himself.
#include "storage/ssh_lane.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <vector>
#include "tests/support/catch.h"

#include "tests/support/standin.h"

using namespace cbtctl::storage;

namespace {

constexpr std::size_t part_bytes = 1024 * 1024;
constexpr std::size_t parts = 8;

struct Opened {
  Opened() {
    for (std::size_t i = 0; i < parts * part_bytes; ++i) content.push_back(static_cast<char>(i / 7 * i));
    std::ofstream(path, std::ios::binary) << content;
    auto file = open_now(*host, "lane_test");
    REQUIRE(file);
    lane = std::make_shared<SshLane>(*host, queue, "lane_test", std::move(*file));
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  ~Opened() { std::filesystem::remove(path); }

  std::future<Status> ask(std::size_t part, std::vector<std::byte>& into) {
    into.resize(part_bytes);
    auto promise = std::make_shared<std::promise<Status>>();
    lane->ask({{{part * part_bytes, part_bytes}}, into, [promise](const Status& read) { promise->set_value(read); }});
    return promise->get_future();
  }
  void check(std::size_t part, const std::vector<std::byte>& bytes) const {
    CHECK(formats::core::text_of(bytes) == std::string_view(content).substr(part * part_bytes, part_bytes));
  }

  std::filesystem::path path = support::Standin::instance().root() / "lane_test";
  std::string content;
  std::unique_ptr<SshHost> host = support::Standin::instance().connect();
  SshQueue queue{std::chrono::seconds(15), [] {}, nullptr};
  std::shared_ptr<SshLane> lane;
};

// Holds the connection's thread until it is let go.
class Held {
 public:
  explicit Held(SshQueue& queue) {
    queue.add([future = std::make_shared<std::future<void>>(go_.get_future())] { future->wait(); }, 0);
  }
  void let_go() { go_.set_value(); }

 private:
  std::promise<void> go_;
};

}  // namespace

TEST_CASE("all that was asked of a lane is on its way together, and comes to where it belongs") {
  Opened opened;
  Held held(opened.queue);
  std::vector<std::vector<std::byte>> bytes(parts);
  std::vector<std::future<Status>> reads;
  for (std::size_t i = 0; i < parts; ++i) reads.push_back(opened.ask(i, bytes[i]));
  const std::uint64_t before = opened.host->counters().waits;
  held.let_go();
  for (std::size_t i = 0; i < parts; ++i) {
    REQUIRE(reads[i].get());
    opened.check(i, bytes[i]);
  }
  CHECK(opened.host->counters().waits - before == 1);
}

TEST_CASE("what a lane forgets is not read, and the rest is") {
  Opened opened;
  Held held(opened.queue);
  std::vector<std::byte> forgotten, wanted;
  opened.ask(0, forgotten);
  opened.lane->forget();
  auto read = opened.ask(1, wanted);
  held.let_go();
  REQUIRE(read.get());
  opened.check(1, wanted);
  CHECK(forgotten == std::vector<std::byte>(part_bytes));
}

TEST_CASE("whoever else wants the connection has his turn while a lane is read without end") {
  std::vector<std::byte> bytes(part_bytes);
  std::atomic<bool> had_turn{false};
  std::promise<Status> ended;
  std::function<void(Status)> again;
  Opened opened;  // last: its thread uses the others
  again = [&](const Status& read) {
    if (!read || had_turn) return ended.set_value(read);
    opened.lane->ask({{{0, part_bytes}}, bytes, again});
  };
  opened.lane->ask({{{0, part_bytes}}, bytes, again});
  opened.queue.add([&] { had_turn = true; }, 0);
  auto end = ended.get_future();
  CHECK(end.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  CHECK(had_turn.exchange(true));
  CHECK(end.get());
}

TEST_CASE("a lane whose connection is lost ends every read with that") {
  Opened opened;
  opened.host->fail({ErrorKind::unavailable, "the line is lost"});
  std::vector<std::byte> bytes;
  for (int i = 0; i < 2; ++i) {
    const Status read = opened.ask(0, bytes).get();
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ErrorKind::unavailable);
  }
}
