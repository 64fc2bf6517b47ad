#include "cli/secrets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>

#include "report/text.h"
#include "storage/local_file.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using storage::Secret;

// The terminal, whatever the standard streams are; without echo or signals for as long as it is asked, so that Ctrl-C
// comes as a character and the terminal is never left mute.
class Terminal {
 public:
  explicit Terminal(bool shows_answer) : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ISIG | (shows_answer ? 0 : ECHO));
    is_open_ = ::tcsetattr(descriptor_, TCSAFLUSH, &quiet) == 0;
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (is_open_) ::tcsetattr(descriptor_, TCSAFLUSH, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] bool is_open() const { return is_open_; }
  void write(const std::string& text) const {
    [[maybe_unused]] const auto done = ::write(descriptor_, text.data(), text.size());
  }
  // Nothing: the terminal is gone.
  [[nodiscard]] std::optional<char> read() const {
    char c = 0;
    ssize_t count = 0;
    do {
      count = ::read(descriptor_, &c, 1);
    } while (count < 0 && errno == EINTR);
    return count == 1 ? std::optional(c) : std::nullopt;
  }

 private:
  int descriptor_;
  termios before_{};
  bool is_open_ = false;
};

enum class Answer { given, refused, cancelled };

Answer read_answer(const Terminal& terminal, Secret& text) {
  constexpr char interrupt = 3;
  constexpr char end_of_input = 4;
  constexpr char backspace = 8;
  constexpr char kill_line = 21;
  constexpr char erase = 127;
  while (const auto c = terminal.read()) {
    if (*c == '\n' || *c == '\r') return Answer::given;
    if (*c == interrupt) return Answer::cancelled;
    if (*c == end_of_input) return text.is_empty() ? Answer::refused : Answer::given;
    if (*c == backspace || *c == erase) {
      text.pop_back();
    } else if (*c == kill_line) {
      text.clear();
    } else {
      text.push_back(*c);
    }
  }
  return Answer::refused;
}

std::optional<Secret> ask(const std::string& question, bool shows_answer) {
  Secret text;
  Answer answer = Answer::refused;
  {
    const Terminal terminal(shows_answer);
    if (!terminal.is_open()) return std::nullopt;
    terminal.write(report::escaped(question));
    answer = read_answer(terminal, text);
    terminal.write("\n");
  }
  if (answer == Answer::cancelled) ::raise(SIGINT);
  return answer == Answer::given ? std::optional(text) : std::nullopt;
}

bool has_terminal() {
  const storage::Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  return terminal.is_open();
}

}  // namespace

storage::SshSecrets secrets_with(std::shared_ptr<const Secret> password) {
  storage::SshSecrets secrets{.password = std::move(password), .person = {}, .passphrase = {}};
  if (!has_terminal()) return secrets;
  auto one_at_a_time = std::make_shared<std::mutex>();
  auto passphrases = std::make_shared<std::map<std::string, Secret>>();
  secrets.person = [=](const std::string& question, bool shows_answer) {
    const std::lock_guard lock(*one_at_a_time);
    return ask(question, shows_answer);
  };
  secrets.passphrase = [=](const std::string& key_file) -> std::optional<Secret> {
    const std::lock_guard lock(*one_at_a_time);
    if (const auto known = passphrases->find(key_file); known != passphrases->end()) return known->second;
    auto given = ask("Passphrase for " + key_file + ": ", false);
    if (given) passphrases->emplace(key_file, *given);
    return given;
  };
  return secrets;
}

formats::core::Result<Secret> first_line_of(int descriptor, const std::string& name) {
  Secret text;
  char c = 0;
  for (;;) {
    const ssize_t count = ::read(descriptor, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{ErrorKind::usage, name + ": " + std::generic_category().message(errno)};
    if (count == 0 || c == '\n') break;
    if (!text.push_back(c)) return Error{ErrorKind::usage, name + ": the first line is too long for a password"};
  }
  if (text.text().ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace cbtctl::cli
