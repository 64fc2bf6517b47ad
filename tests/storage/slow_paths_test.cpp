// A call that does not return is a test's own wait here: no mount is needed.
#include "storage/slow_paths.h"

#include <algorithm>
#include <memory>

#include "tests/support/catch.h"

using namespace cbtctl::storage;
using std::chrono::milliseconds;

namespace {

struct Told {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::string> paths;

  // Waits until so many are told, or too long.
  std::vector<std::string> first(std::size_t count) {
    std::unique_lock lock(mutex);
    came.wait_for(lock, std::chrono::seconds(20), [&] { return paths.size() >= count; });
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  SlowPaths::Teller teller() {
    return [this](const std::string& path) {
      const std::lock_guard lock(mutex);
      paths.push_back(path);
      came.notify_all();
    };
  }
};

}  // namespace

TEST_CASE("a path that does not answer is told while it is waited for") {
  Told told;
  SlowPaths paths(milliseconds(50), told.teller());
  const SlowPaths::Wait wait("/mnt/ds1", "web01/web01.vmx", paths);
  CHECK(told.first(1) == std::vector<std::string>{"/mnt/ds1/web01/web01.vmx"});
}

TEST_CASE("of one folder the first path is told, once, and each folder by itself") {
  Told told;
  SlowPaths paths(milliseconds(50), told.teller());
  const SlowPaths::Wait first("/mnt/ds1", "a", paths);
  const SlowPaths::Wait second("/mnt/ds1", "b", paths);
  const SlowPaths::Wait other("/mnt/ds2", "c", paths);
  CHECK(told.first(2) == std::vector<std::string>{"/mnt/ds1/a", "/mnt/ds2/c"});
  std::this_thread::sleep_for(milliseconds(200));
  CHECK(told.first(2).size() == 2);
}

TEST_CASE("what answers is not told, in whatever order it does") {
  Told told;
  {
    SlowPaths paths(std::chrono::seconds(60), told.teller());
    auto first = std::make_unique<SlowPaths::Wait>("/a", "1", paths);
    auto second = std::make_unique<SlowPaths::Wait>("/a", "2", paths);
    auto third = std::make_unique<SlowPaths::Wait>("/a", "3", paths);
    second.reset();
    first.reset();
    auto fourth = std::make_unique<SlowPaths::Wait>("/a", "4", paths);
    fourth.reset();
    third.reset();
    const SlowPaths::Wait fifth("/a", "5", paths);
  }
  CHECK(told.paths.empty());
}

TEST_CASE("a mount that hangs, answers and hangs again is told twice") {
  Told told;
  SlowPaths paths(milliseconds(50), told.teller());
  for (const std::size_t time : {1U, 2U}) {
    const SlowPaths::Wait wait("/mnt", "x", paths);
    CHECK(told.first(time).size() == time);
  }
}
