// The beginnings, ends and states of many files by the host's shell, in bulk.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "storage/ssh_shell.h"

namespace cbtctl::storage {

class SshFiles {
 public:
  using Replier = std::function<void(std::vector<Reply>)>;

  explicit SshFiles(SshShell& shell) : shell_(&shell) {}

  // Answers every submission, which are FetchRequests and StatusRequests. Links are followed as far as they stay
  // inside; what changes while it is read is read again, and in the end is `changed`.
  [[nodiscard]] Status read(std::vector<Submission> submissions, const Replier& replier);

 private:
  struct Wanted;
  class Round;
  [[nodiscard]] Status run(std::vector<Wanted> wanted, std::vector<Wanted>& again, const Replier& replier);

  SshShell* shell_;
};

}  // namespace cbtctl::storage
