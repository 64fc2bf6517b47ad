// The password that was given beforehand, for every host; hosts lock accounts, so none is told it again that was told
// it in vain.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "storage/secret.h"

namespace cbtctl::storage {

class SshPassword {
 public:
  explicit SshPassword(const Secret& secret) : secret_(secret) {}

  [[nodiscard]] const Secret& secret() const { return secret_; }

  // One login at a time tries it on a host ("root@10.0.0.1:22"), and knows what became of it before. From any thread.
  class Turn;
  [[nodiscard]] Turn turn(const std::string& host);

 private:
  struct Host {
    std::mutex busy;
    std::string refusal;
  };
  const Secret secret_;
  std::mutex mutex_;
  std::map<std::string, Host> hosts_;
};

class SshPassword::Turn {
 public:
  explicit Turn(Host& host) : host_(&host), lock_(host.busy) {}
  // Why this host is not told it again; empty: it may be.
  [[nodiscard]] const std::string& refusal() const { return host_->refusal; }
  void refuse(std::string why) { host_->refusal = std::move(why); }

 private:
  Host* host_;
  std::unique_lock<std::mutex> lock_;
};

inline SshPassword::Turn SshPassword::turn(const std::string& host) {
  Host* found = nullptr;
  {
    const std::lock_guard lock(mutex_);
    found = &hosts_[host];
  }
  return Turn(*found);
}

}  // namespace cbtctl::storage
