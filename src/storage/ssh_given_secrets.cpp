#include "storage/ssh_given_secrets.h"

namespace cbtctl::storage {
namespace {

constexpr const char* its_password = "password";
std::string passphrase_of(const std::string& key_file) { return "passphrase of " + key_file; }
std::string answer_to(const std::string& question) { return "answer to " + question; }

}  // namespace

std::optional<std::string> GivenSecrets::Memory::kept(const std::string& what, std::optional<std::string> given) {
  const std::lock_guard lock(mutex_);
  told_.insert_or_assign(what, given);
  return given;
}

std::optional<std::string> GivenSecrets::Memory::told(const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto found = told_.find(what);
  return found == told_.end() ? std::nullopt : found->second;
}

SshSecrets GivenSecrets::remembering(const SshSecrets& secrets) const {
  SshSecrets kept;
  if (secrets.password) {
    kept.password = [memory = memory_, ask = secrets.password](const std::string& who, unsigned attempt) {
      return memory->kept(its_password, ask(who, attempt));
    };
  }
  if (secrets.passphrase) {
    kept.passphrase = [memory = memory_, ask = secrets.passphrase](const std::string& key_file) {
      return memory->kept(passphrase_of(key_file), ask(key_file));
    };
  }
  if (secrets.answer) {
    kept.answer = [memory = memory_, ask = secrets.answer](const std::string& who, const std::string& question) {
      return memory->kept(answer_to(question), ask(who, question));
    };
  }
  return kept;
}

SshSecrets GivenSecrets::again() const {
  SshSecrets told;
  told.password = [memory = memory_](const std::string&, unsigned attempt) {
    return attempt == 0 ? memory->told(its_password) : std::nullopt;
  };
  told.passphrase = [memory = memory_](const std::string& key_file) { return memory->told(passphrase_of(key_file)); };
  told.answer = [memory = memory_](const std::string&, const std::string& question) {
    return memory->told(answer_to(question));
  };
  return told;
}

}  // namespace cbtctl::storage
