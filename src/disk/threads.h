// How many threads look through one file at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>

namespace cbtctl::disk {

// As many as there are cores, four at most: more wait for memory.
inline std::size_t threads_at_once() { return std::clamp(std::thread::hardware_concurrency(), 1U, 4U); }

}  // namespace cbtctl::disk
