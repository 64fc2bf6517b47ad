#include "cli/ssh_options.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include "cli/secrets.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

constexpr unsigned most_seconds = 3600;
constexpr unsigned most_jobs = 256;

Result<storage::Secret> line_of_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Error{ErrorKind::usage, path + ": " + std::generic_category().message(errno)};
  auto line = first_line_of(file, path);
  ::close(file);
  return line;
}

using Password = std::shared_ptr<const storage::Secret>;

Result<Password> password_of(const CommandLine& line) {
  Password password = secret_of_environment("CBTCTL_PASSWORD");
  if (line.has("password-file") && line.has("password-fd")) {
    return Error{ErrorKind::usage, "--password-file and --password-fd exclude each other"};
  }
  if (line.has("password-file") || line.has("password-fd")) {
    auto read = line.has("password-file") ? line_of_file(line.text("password-file"))
                                          : first_line_of(line.integer("password-fd"), "--password-fd");
    if (!read) return read.error();
    password = std::make_shared<const storage::Secret>(*read);
  }
  return password;
}

Result<std::chrono::seconds> seconds_of(const CommandLine& line, const char* option) {
  const unsigned seconds = line.number(option);
  if (seconds == 0 || seconds > most_seconds) {
    return Error{ErrorKind::usage,
                 std::string("--") + option + " takes seconds from 1 to " + std::to_string(most_seconds)};
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

void add_ssh_options(Options& own) {
  own.flag("accept-new-host-key", "trust a host whose key is not known yet, and remember the key");
  own.text("ssh-config", "read this file in the place of your ssh_config");
  own.text("password-file", "the first line of this file is the password");
  own.integer("password-fd", "the first line of this open descriptor is the password");
  own.number("connect-timeout", "seconds to connect, and for each step of the login (15)");
  own.number("timeout", "seconds that a host may be silent", 60);
  own.text("transport", "auto, shell or sftp", "auto");
  own.number("jobs", "how many hosts at once", 8);
}

Result<storage::SshOptions> ssh_options_of(const CommandLine& line) {
  storage::SshOptions made;
  if (line.has("ssh-config")) made.config_file = line.text("ssh-config");
  made.accept_new_host_key = line.has("accept-new-host-key");
  if (line.has("connect-timeout")) {
    const auto connect = seconds_of(line, "connect-timeout");
    if (!connect) return connect.error();
    made.limits.connect = *connect;
  }
  const auto silence = seconds_of(line, "timeout");
  if (!silence) return silence.error();
  made.limits.silence = *silence;
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
  if (!password) return password.error();
  made.secrets = secrets_with(*password);
  return made;
}

}  // namespace cbtctl::cli
