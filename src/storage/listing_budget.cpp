#include "storage/listing_budget.h"

#include <algorithm>

namespace cbtctl::storage {
namespace {

using formats::core::Status;

Status given_up(const std::string& what, std::uint64_t limit, const char* unit) {
  return formats::core::Error{formats::core::ErrorKind::unavailable,
                              "the listing is given up: " + what + " more than " + std::to_string(limit) + " " + unit};
}

}  // namespace

Status ListingBudget::take_bytes(std::size_t bytes) {
  if (bytes_ += bytes; bytes_ > limits_.bytes) return given_up("it has", limits_.bytes, "bytes");
  return formats::core::success();
}

Status ListingBudget::take_entry(std::string_view folder, std::string_view name) {
  if (++entries_ > limits_.entries) return given_up("it has", limits_.entries, "entries");
  if (folder.size() + name.size() + 1 > limits_.path_bytes) return given_up("a path has", limits_.path_bytes, "bytes");
  const auto depth = static_cast<std::size_t>(std::count(folder.begin(), folder.end(), '/')) + (folder.empty() ? 0 : 1);
  if (depth > limits_.depth) return given_up("a path leads through", limits_.depth, "folders");
  return formats::core::success();
}

std::shared_ptr<ListingBudget> ListingBudgets::of(const std::string& host, const ListingLimits& limits) {
  const std::lock_guard lock(mutex_);
  auto& budget = hosts_[host];
  if (budget == nullptr) budget = std::make_shared<ListingBudget>(limits);
  return budget;
}

}  // namespace cbtctl::storage
