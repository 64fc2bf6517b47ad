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

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;

constexpr std::size_t most_secret_bytes = 4096;
constexpr unsigned most_questions = 3;

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

Answer read_answer(const Terminal& terminal, std::string& text) {
  constexpr char interrupt = 3;
  constexpr char end_of_input = 4;
  constexpr char backspace = 8;
  constexpr char kill_line = 21;
  constexpr char erase = 127;
  while (const auto c = terminal.read()) {
    if (*c == '\n' || *c == '\r') return Answer::given;
    if (*c == interrupt) return Answer::cancelled;
    if (*c == end_of_input) return text.empty() ? Answer::refused : Answer::given;
    if (*c == backspace || *c == erase) {
      if (!text.empty()) text.pop_back();
    } else if (*c == kill_line) {
      text.clear();
    } else if (text.size() < most_secret_bytes) {
      text.push_back(*c);
    }
  }
  return Answer::refused;
}

std::optional<std::string> ask(const std::string& question, bool shows_answer) {
  std::string text;
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

}  // namespace

storage::SshSecrets secrets_with(const std::optional<std::string>& password) {
  auto one_at_a_time = std::make_shared<std::mutex>();
  auto passphrases = std::make_shared<std::map<std::string, std::string>>();
  storage::SshSecrets secrets;
  secrets.password = [=](const std::string& who, unsigned attempt) -> std::optional<std::string> {
    // A wrong password that is not the operator's to correct is tried once: hosts lock accounts.
    if (password) return attempt == 0 ? password : std::nullopt;
    if (attempt >= most_questions) return std::nullopt;
    const std::lock_guard lock(*one_at_a_time);
    return ask((attempt == 0 ? "" : "Not accepted. ") + who + "'s password: ", false);
  };
  secrets.passphrase = [=](const std::string& key_file) -> std::optional<std::string> {
    const std::lock_guard lock(*one_at_a_time);
    if (const auto known = passphrases->find(key_file); known != passphrases->end()) return known->second;
    auto given = ask("Passphrase for " + key_file + ": ", false);
    if (given) passphrases->emplace(key_file, *given);
    return given;
  };
  secrets.answer = [=](const std::string& who, const std::string& question) {
    const std::lock_guard lock(*one_at_a_time);
    return ask(who + ": " + question, true);
  };
  return secrets;
}

formats::core::Result<std::string> first_line_of(int descriptor, const std::string& name) {
  std::string text;
  char c = 0;
  for (;;) {
    const ssize_t count = ::read(descriptor, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{ErrorKind::usage, name + ": " + std::generic_category().message(errno)};
    if (count == 0 || c == '\n') break;
    if (text.size() == most_secret_bytes)
      return Error{ErrorKind::usage, name + ": the first line is too long for a password"};
    text.push_back(c);
  }
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace cbtctl::cli
