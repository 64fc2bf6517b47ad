// What the operator told for the first login, for a second one.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/ssh_options.h"

namespace cbtctl::storage {

// From any thread.
class GivenSecrets {
 public:
  [[nodiscard]] SshSecrets remembering(const SshSecrets& secrets) const;
  // Each is told once in a login: what the host does not accept any more is not tried until it locks the account.
  [[nodiscard]] SshSecrets again(const SshSecrets& secrets) const;

 private:
  class Memory {
   public:
    std::optional<Secret> kept(const std::string& what, std::optional<Secret> given);  // `given` itself
    [[nodiscard]] std::optional<Secret> told(const std::string& what);

   private:
    std::mutex mutex_;
    std::map<std::string, std::optional<Secret>> told_;
  };
  std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
};

}  // namespace cbtctl::storage
