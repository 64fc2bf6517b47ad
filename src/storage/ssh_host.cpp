#include "storage/ssh_host.h"

#include <utility>

#include "log/log.h"

namespace cbtctl::storage {

using formats::core::success;

Status SshHost::start() {
  if (transport_ == SshTransport::sftp) return start_sftp();
  Status started = start_shell();
  if (!started && started.error().kind != ErrorKind::unsupported) return started.error();
  has_shell_ = started.has_value();
  if (has_shell_ && !shell_->shell().lacks().empty())
    started = Error{ErrorKind::unsupported, "the shell lacks " + shell_->shell().lacks()};
  if (started || transport_ == SshTransport::shell) {
    transport_ = SshTransport::shell;
    return started;
  }
  log::detail(session_->who() + ": " + started.error().message + "; files are read by SFTP instead");
  transport_ = SshTransport::sftp;
  return start_sftp();
}

Status SshHost::start_shell() {
  sftp_.reset();
  auto shell = SshShell::start(*session_, root_, std::exchange(first_, {}), counters_);
  if (!shell) return shell.error();
  real_root_ = (*shell)->real_root();
  is_file_ = (*shell)->is_file();
  shell_ = std::make_unique<SshShellEngine>(std::move(*shell), *listing_budget_);
  return success();
}

Status SshHost::start_sftp() {
  shell_.reset();
  auto sftp = SshSftp::start(*session_, counters_);
  if (!sftp) return sftp.error();
  auto engine = std::make_unique<SshSftpEngine>(std::move(*sftp), *listing_budget_, session_->limits().question);
  const Status found = engine->find_root(root_);
  if (!found) return found.error();
  ++sftp_generation_;
  real_root_ = engine->real_root();
  is_file_ = engine->is_file();
  sftp_ = std::move(engine);
  return success();
}

Result<SshShell*> SshHost::shell() {
  if (failure_) return *failure_;
  if (!has_shell()) return Error{ErrorKind::unsupported, session_->who() + ": there is no shell that can be used"};
  if (!shell_) {
    const Status started = start_shell();
    if (!started) return started.error();
  }
  return &shell_->shell();
}

Result<SshSftpEngine*> SshHost::sftp() {
  if (failure_) return *failure_;
  if (!sftp_) {
    const Status started = start_sftp();
    if (!started) return started.error();
  }
  return sftp_.get();
}

Result<SshEngine*> SshHost::engine() {
  if (transport_ != SshTransport::shell) {
    const auto ready = sftp();
    if (!ready) return ready.error();
    return static_cast<SshEngine*>(*ready);
  }
  const auto ready = shell();
  if (!ready) return ready.error();
  return static_cast<SshEngine*>(shell_.get());
}

// An answer that cannot be understood is no data: the host was not read.
void SshHost::fail(const Error& error) {
  failure_ = Error{ErrorKind::unavailable, error.message};
  if (!error.message.starts_with(session_->who())) failure_ = failure_->in(session_->who());
}

}  // namespace cbtctl::storage
