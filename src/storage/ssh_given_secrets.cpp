#include "storage/ssh_given_secrets.h"

#include <set>

namespace cbtctl::storage {
namespace {

std::string passphrase_of(const std::string& key_file) { return "passphrase of " + key_file; }

// What is asked once more after an answer that was not accepted is the same question.
std::string answer_to(std::string_view question) {
  constexpr std::string_view again = "Not accepted. ";
  if (question.starts_with(again)) question.remove_prefix(again.size());
  return "answer to " + std::string(question);
}

}  // namespace

std::optional<Secret> GivenSecrets::Memory::kept(const std::string& what, std::optional<Secret> given) {
  const std::lock_guard lock(mutex_);
  told_.insert_or_assign(what, given);
  return given;
}

std::optional<Secret> GivenSecrets::Memory::told(const std::string& what) {
  const std::lock_guard lock(mutex_);
  const auto found = told_.find(what);
  return found == told_.end() ? std::nullopt : found->second;
}

SshSecrets GivenSecrets::remembering(const SshSecrets& secrets) const {
  SshSecrets kept{.password = secrets.password, .person = {}, .passphrase = {}, .tell = secrets.tell};
  if (secrets.person) {
    kept.person = [memory = memory_, ask = secrets.person](const std::string& question, bool shows_answer) {
      return memory->kept(answer_to(question), ask(question, shows_answer));
    };
  }
  if (secrets.passphrase) {
    kept.passphrase = [memory = memory_, ask = secrets.passphrase](const std::string& key_file) {
      return memory->kept(passphrase_of(key_file), ask(key_file));
    };
  }
  return kept;
}

SshSecrets GivenSecrets::again(const SshSecrets& secrets) const {
  SshSecrets told{.password = secrets.password, .person = {}, .passphrase = {}};
  told.person = [memory = memory_, asked = std::set<std::string>()](const std::string& question, bool) mutable {
    const std::string what = answer_to(question);
    return asked.insert(what).second ? memory->told(what) : std::nullopt;
  };
  told.passphrase = [memory = memory_](const std::string& key_file) { return memory->told(passphrase_of(key_file)); };
  return told;
}

}  // namespace cbtctl::storage
