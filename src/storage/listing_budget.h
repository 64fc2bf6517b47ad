// How much a host may list. A large one has some hundred thousand entries; one that means no good has no end of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "formats/core/result.h"

namespace cbtctl::storage {

struct ListingLimits {
  std::uint64_t entries = 2'000'000;
  std::size_t depth = 64;          // folders in one another
  std::size_t path_bytes = 4096;   // below the root
  std::uint64_t bytes = 1U << 30;  // as they come from the host
};

// Of one host, whichever way it is read. Once a bound is met nothing is listed any more. From any thread.
class ListingBudget {
 public:
  explicit ListingBudget(const ListingLimits& limits) : limits_(limits) {}

  // `unavailable`: a bound is met, and which.
  [[nodiscard]] formats::core::Status take_bytes(std::size_t bytes);
  [[nodiscard]] formats::core::Status take_entry(std::string_view folder, std::string_view name);

 private:
  const ListingLimits limits_;
  std::atomic<std::uint64_t> entries_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

// One budget for each host ("root@10.0.0.1:22"), however many targets and connections it is listed through. From any
// thread.
class ListingBudgets {
 public:
  [[nodiscard]] std::shared_ptr<ListingBudget> of(const std::string& host, const ListingLimits& limits);

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ListingBudget>> hosts_;
};

}  // namespace cbtctl::storage
