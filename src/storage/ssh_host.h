// One host: the session, and which channel it holds, the shell's or that of SFTP. On the queue's thread alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/ssh_counters.h"
#include "storage/ssh_session.h"
#include "storage/ssh_sftp_engine.h"
#include "storage/ssh_shell_engine.h"

namespace cbtctl::storage {

class SshHost {
 public:
  // `first` is asked with the first start of the shell (ssh_shell.h).
  SshHost(std::unique_ptr<SshSession> session, std::shared_ptr<ListingBudget> listing_budget, std::string root,
          SshTransport transport, std::vector<Command> first = {})
      : session_(std::move(session)),
        listing_budget_(std::move(listing_budget)),
        root_(std::move(root)),
        transport_(transport),
        first_(std::move(first)) {}

  // Chooses how files are read and looks at the root; before anything else. `missing`, `denied`: the root.
  [[nodiscard]] Status start();

  // The engine that answers requests; its channel is opened again where the other one was in between.
  Result<SshEngine*> engine();
  // `unsupported`: the host has no shell, or no SFTP.
  Result<SshShell*> shell();
  Result<SshSftpEngine*> sftp();

  // The connection cannot be used any more: every later call answers this error.
  void fail(const Error& error);
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  void keep_alive() { session_->keep_alive(); }
  [[nodiscard]] const SshSession& session() const { return *session_; }
  [[nodiscard]] const std::string& real_root() const { return real_root_; }
  [[nodiscard]] bool is_file() const { return is_file_; }
  [[nodiscard]] bool has_shell() const { return has_shell_; }  // commands run, whichever way files are read
  [[nodiscard]] const SshCounters& counters() const { return counters_; }
  // Grows whenever SFTP begins anew: handles of an earlier one are void.
  [[nodiscard]] unsigned sftp_generation() const { return sftp_generation_; }

 private:
  [[nodiscard]] Status start_shell();
  [[nodiscard]] Status start_sftp();

  SshCounters counters_;
  std::unique_ptr<SshSession> session_;
  std::shared_ptr<ListingBudget> listing_budget_;
  std::string root_;  // as the user named it
  SshTransport transport_;
  std::vector<Command> first_;
  std::string real_root_;
  bool is_file_ = false;
  bool has_shell_ = false;
  std::unique_ptr<SshShellEngine> shell_;  // one of the two at most
  std::unique_ptr<SshSftpEngine> sftp_;
  unsigned sftp_generation_ = 0;
  std::optional<Error> failure_;
};

}  // namespace cbtctl::storage
