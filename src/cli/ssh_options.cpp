#include "cli/ssh_options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/secrets.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::core::Status;

constexpr unsigned max_seconds = 3600;
constexpr unsigned max_question_seconds = 24 * 3600;
constexpr unsigned most_jobs = 256;

Result<storage::Secret> line_of_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Error{ErrorKind::usage, path + ": " + std::generic_category().message(errno)};
  auto line = first_line_of(file, path);
  ::close(file);
  return line;
}

Result<std::shared_ptr<storage::SshPassword>> password_of(const CommandLine& line) {
  std::optional<storage::Secret> password = secret_of_environment("CBTCTL_PASSWORD");
  if (line.has("password-file") && line.has("password-fd")) {
    return Error{ErrorKind::usage, "--password-file and --password-fd exclude each other"};
  }
  if (line.has("password-file") || line.has("password-fd")) {
    auto read = line.has("password-file") ? line_of_file(line.text("password-file"))
                                          : first_line_of(line.integer("password-fd"), "--password-fd");
    if (!read) return read.error();
    password = *read;
  }
  return password ? std::make_shared<storage::SshPassword>(*password) : nullptr;
}

// "CBTCTL_QUESTION_TIMEOUT" for "question-timeout": what the environment says where the command line says nothing.
std::string twin_of(const std::string& option) {
  std::string name = "CBTCTL_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return name;
}

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// Into `seconds`, which stays as it is where nothing is said.
template <typename Seconds>
Status take_seconds(const CommandLine& line, const std::string& option, unsigned max, Seconds& seconds) {
  const std::string twin = twin_of(option);
  const char* environment = std::getenv(twin.c_str());
  if (!line.has(option) && environment == nullptr) return formats::core::success();
  const auto given = line.has(option) ? std::optional(line.number(option)) : number_of(environment);
  if (!given || *given == 0 || *given > max) {
    return Error{ErrorKind::usage,
                 (line.has(option) ? "--" + option : twin) + " takes seconds from 1 to " + std::to_string(max)};
  }
  seconds = std::chrono::seconds(*given);
  return formats::core::success();
}

}  // namespace

void add_ssh_options(Options& own) {
  own.flag("accept-new-host-key", "trust a host whose key is not known yet, and remember the key");
  own.text("ssh-config", "read this file in the place of your ssh_config");
  own.text("password-file", "the first line of this file is the password");
  own.integer("password-fd", "the first line of this open descriptor is the password");
  own.number("connect-timeout", "seconds to connect, and for each step of the login (15)");
  own.number("timeout", "seconds that a host may be silent (60)");
  own.number("question-timeout", "seconds that one answer of a host may take (600)");
  own.text("transport", "auto, shell or sftp", "auto");
  own.number("jobs", "how many hosts at once", 8);
}

Result<storage::SshOptions> ssh_options_of(const CommandLine& line, bool reaches_hosts) {
  storage::SshOptions made;
  if (line.has("ssh-config")) made.config_file = line.text("ssh-config");
  made.accept_new_host_key = line.has("accept-new-host-key");
  storage::SshLimits& limits = made.limits;
  for (const Status& taken : {take_seconds(line, "connect-timeout", max_seconds, limits.connect),
                              take_seconds(line, "timeout", max_seconds, limits.silence),
                              take_seconds(line, "question-timeout", max_question_seconds, limits.question)}) {
    if (!taken) return taken.error();
  }
  const std::string transport = line.text("transport");
  if (transport == "shell") made.transport = storage::SshTransport::shell;
  if (transport == "sftp") made.transport = storage::SshTransport::sftp;
  if (transport != "auto" && transport != "shell" && transport != "sftp") {
    return Error{ErrorKind::usage, "--transport takes auto, shell or sftp"};
  }
  const unsigned jobs = line.number("jobs");
  if (jobs == 0 || jobs > most_jobs) return Error{ErrorKind::usage, "--jobs takes a number from 1 to 256"};
  made.turns = std::make_shared<std::counting_semaphore<>>(static_cast<std::ptrdiff_t>(jobs));
  auto password = password_of(line);
  storage::wipe_dead_stack();
  if (!password) return password.error();
  if (reaches_hosts) made.secrets = secrets_with(*password);
  return made;
}

}  // namespace cbtctl::cli
