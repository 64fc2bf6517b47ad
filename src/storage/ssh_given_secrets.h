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
  [[nodiscard]] SshSecrets again() const;

 private:
  struct Memory {
    std::mutex mutex;
    std::optional<std::string> password;
    std::map<std::string, std::string> passphrases;  // by key file
    std::map<std::string, std::string> answers;      // by question
  };
  std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
};

}  // namespace cbtctl::storage
