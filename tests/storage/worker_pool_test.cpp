#include "storage/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include "tests/support/catch.h"

using namespace cbtctl::storage;

namespace {

constexpr unsigned most_workers = 16;

// Answers `count` requests, and tells how many were being answered at once.
template <typename Work>
unsigned most_at_once(std::size_t count, Work work) {
  std::atomic<unsigned> now{0};
  std::atomic<unsigned> most{0};
  WorkerPool pool(most_workers, [&](Submission& submission) {
    const unsigned here = ++now;
    for (unsigned seen = most; seen < here && !most.compare_exchange_weak(seen, here);) {
    }
    work();
    --now;
    return Reply{submission.tag, Answer{FileStatus{}}};
  });
  std::vector<Submission> batch;
  for (std::size_t i = 0; i < count; ++i) batch.push_back({i, StatusRequest{"x"}});
  pool.submit(std::move(batch));
  std::size_t answered = 0;
  for (auto replies = pool.collect(); !replies.empty(); replies = pool.collect()) answered += replies.size();
  CHECK(answered == count);
  return most;
}

thread_local std::uint64_t blocks_of_this_thread = 0;

WorkerPool::Usage usage_of_this_thread() { return {.sleeps = 0, .blocks_read = blocks_of_this_thread}; }

}  // namespace

TEST_CASE("a slow storage is asked by all workers") {
  CHECK(most_at_once(500, [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }) == most_workers);
}

TEST_CASE("what comes from memory is read by as many workers as there are cores") {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  CHECK(most_at_once(20'000, [] {}) <= std::min(cores, most_workers));
}

TEST_CASE("a pool knows whether blocks are read for what it answers") {
  std::atomic<bool> is_cold{false};
  WorkerPool pool(
      most_workers,
      [&](Submission& submission) {
        if (is_cold) blocks_of_this_thread += 8;
        return Reply{submission.tag, Answer{FileStatus{}}};
      },
      usage_of_this_thread);
  for (const bool cold : {false, true, false}) {
    is_cold = cold;
    pool.submit({{0, StatusRequest{"x"}}});
    CHECK(pool.collect().size() == 1);
    CHECK(pool.reads_from_disk() == cold);
  }
}
