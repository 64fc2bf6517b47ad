#include "storage/ssh_given_secrets.h"

namespace cbtctl::storage {
namespace {

void keep(std::mutex& mutex, std::map<std::string, std::string>& known, const std::string& key,
          const std::optional<std::string>& given) {
  const std::lock_guard lock(mutex);
  if (given) known.insert_or_assign(key, *given);
}

std::optional<std::string> known_in(std::mutex& mutex, const std::map<std::string, std::string>& known,
                                    const std::string& key) {
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

SshSecrets GivenSecrets::remembering(const SshSecrets& secrets) const {
  SshSecrets kept;
  if (secrets.password) {
    kept.password = [memory = memory_, ask = secrets.password](const std::string& who, unsigned attempt) {
      auto given = ask(who, attempt);
      const std::lock_guard lock(memory->mutex);
      memory->password = given;
      return given;
    };
  }
  if (secrets.passphrase) {
    kept.passphrase = [memory = memory_, ask = secrets.passphrase](const std::string& key_file) {
      auto given = ask(key_file);
      keep(memory->mutex, memory->passphrases, key_file, given);
      return given;
    };
  }
  if (secrets.answer) {
    kept.answer = [memory = memory_, ask = secrets.answer](const std::string& who, const std::string& question) {
      auto given = ask(who, question);
      keep(memory->mutex, memory->answers, question, given);
      return given;
    };
  }
  return kept;
}

SshSecrets GivenSecrets::again() const {
  SshSecrets told;
  told.password = [memory = memory_](const std::string&, unsigned attempt) -> std::optional<std::string> {
    const std::lock_guard lock(memory->mutex);
    return attempt == 0 ? memory->password : std::nullopt;
  };
  told.passphrase = [memory = memory_](const std::string& key_file) {
    return known_in(memory->mutex, memory->passphrases, key_file);
  };
  told.answer = [memory = memory_](const std::string&, const std::string& question) {
    return known_in(memory->mutex, memory->answers, question);
  };
  return told;
}

}  // namespace cbtctl::storage
