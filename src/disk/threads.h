// The threads that look through one file together.
#pragma once

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace cbtctl::disk {

// As many as there are cores, four at most: more wait for memory.
inline std::size_t threads_at_once() { return std::clamp(std::thread::hardware_concurrency(), 1U, 4U); }

// Threads that do `work(1)`, `work(2)`, ..., so many or, where the system has no more, fewer: whoever calls works too.
// Each is waited for where it ends.
template <typename Work>
[[nodiscard]] std::vector<std::jthread> start_threads(std::size_t count, const Work& work) {
  std::vector<std::jthread> started;
  started.reserve(count);
  try {
    while (started.size() < count) started.emplace_back(work, started.size() + 1);
  } catch (const std::system_error&) {
  }
  return started;
}

}  // namespace cbtctl::disk
