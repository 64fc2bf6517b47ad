// Answers requests by the constant scripts of ssh_script.h: one round trip for all lists, one for all files, whatever
// their number; more only for what is a link, or changed while it was read.
#pragma once

#include <memory>

#include "storage/ssh_engine.h"
#include "storage/ssh_listing.h"
#include "storage/ssh_shell.h"

namespace cbtctl::storage {

class SshShellEngine final : public SshEngine {
 public:
  SshShellEngine(std::unique_ptr<SshShell> shell, ListingBudget& budget)
      : shell_(std::move(shell)), listings_(*shell_, budget) {}

  [[nodiscard]] Status answer(std::vector<Submission> submissions, const Replier& replier) override;
  [[nodiscard]] SshShell& shell() { return *shell_; }

 private:
  std::unique_ptr<SshShell> shell_;
  SshListings listings_;
};

}  // namespace cbtctl::storage
