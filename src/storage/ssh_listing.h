// Folders as the host's shell lists them, single or with all below them.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "storage/listing_budget.h"
#include "storage/ssh_shell.h"

namespace cbtctl::storage {

// What is run to list a folder by itself.
[[nodiscard]] Command listing_command(const std::string& folder, bool goes_on);

class SshListings {
 public:
  SshListings(SshShell& shell, ListingBudget& budget) : shell_(&shell), budget_(&budget) {}

  struct Asked {
    std::uint64_t tag = 0;
    ListRequest request;
  };
  // One answer each. What a folder that goes on brought along answers later requests, each once: a listing asked for
  // again is looked up again.
  Result<std::vector<Reply>> list(std::vector<Asked> asked);

 private:
  using Folders = std::unordered_map<std::string, Result<Answer>>;
  struct Walk;  // what is being read
  [[nodiscard]] Status look(const std::vector<Asked>& asked);
  [[nodiscard]] Status explain_empty();
  void place_complaint(const std::string& complaint, const std::string& asked);
  void add_complaint(const std::string& complaint, const std::string& folder);

  SshShell* shell_;
  ListingBudget* budget_;
  Folders listed_;  // not yet handed out
};

}  // namespace cbtctl::storage
