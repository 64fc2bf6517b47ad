// Answering requests on a host, whichever way: by the shell (ssh_shell_engine.h), by SFTP alone (ssh_sftp_engine.h).
#pragma once

#include <functional>
#include <vector>

#include "storage/reader.h"

namespace cbtctl::storage {

class SshEngine {
 public:
  using Replier = std::function<void(std::vector<Reply>)>;

  virtual ~SshEngine() = default;

  // Answers every submission, each as soon as it can. An error: the connection is gone, and what has no answer yet
  // never gets one.
  [[nodiscard]] virtual Status answer(std::vector<Submission> submissions, const Replier& replier) = 0;
};

}  // namespace cbtctl::storage
