// How much a host may list. A large one has some hundred thousand entries; one that means no good has no end of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/core/result.h"

namespace cbtctl::storage {

struct ListingLimits {
  std::uint64_t entries = 2'000'000;
  std::size_t depth = 64;          // folders in one another
  std::size_t path_bytes = 4096;   // below the root
  std::uint64_t bytes = 1U << 30;  // as they come from the host
};

// One for all listings of a connection, whichever way they are read. Once a bound is met nothing is listed any more.
class ListingBudget {
 public:
  explicit ListingBudget(const ListingLimits& limits) : limits_(limits) {}

  // `unavailable`: a bound is met, and which.
  [[nodiscard]] formats::core::Status take_bytes(std::size_t bytes);
  [[nodiscard]] formats::core::Status take_entry(std::string_view folder, std::string_view name);

 private:
  const ListingLimits limits_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace cbtctl::storage
