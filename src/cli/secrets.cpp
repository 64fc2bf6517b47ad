#include "cli/secrets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "report/text.h"
#include "storage/local_file.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using storage::Secret;

// What ends the process while a question stands there.
constexpr std::array<int, 4> ending_signals{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

std::atomic<int> signal_pipe{-1};  // its end that is written to; a signal handler reaches nothing else

extern "C" void wake_question(int signal) {
  const int number = errno;  // of what is interrupted
  const char which = static_cast<char>(signal);
  [[maybe_unused]] const auto told = ::write(signal_pipe, &which, 1);
  errno = number;
}

// Under nohup SIGHUP does not.
bool ends_the_process(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_IGN;
}

// While it lives, a signal that would end the process makes `descriptor` readable instead; it has its way when the
// terminal is as it was. One at a time.
class HeldSignals {
 public:
  HeldSignals() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;
    out_ = storage::Descriptor(ends[0]);
    in_ = storage::Descriptor(ends[1]);
    signal_pipe = in_.get();
    struct sigaction holding {};
    holding.sa_handler = wake_question;
    for (std::size_t i = 0; i < before_.size(); ++i) {
      ::sigaction(ending_signals[i], nullptr, &before_[i]);
      if (ends_the_process(before_[i])) ::sigaction(ending_signals[i], &holding, nullptr);
    }
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() {
    if (!out_.is_open()) return;
    for (std::size_t i = 0; i < before_.size(); ++i) ::sigaction(ending_signals[i], &before_[i], nullptr);
    signal_pipe = -1;
    char which = 0;
    if (::read(out_.get(), &which, 1) == 1) ::raise(which);
  }
  [[nodiscard]] int descriptor() const { return out_.get(); }

 private:
  storage::Descriptor out_;
  storage::Descriptor in_;
  std::array<struct sigaction, ending_signals.size()> before_{};
};

// The terminal, whatever the standard streams are; without echo or signals of its own for as long as it is asked, so
// that Ctrl-C comes as a character and the terminal is never left mute.
class Terminal {
 public:
  explicit Terminal(bool shows_answer) : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (!descriptor_.is_open() || ::tcgetattr(descriptor_.get(), &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ICANON | ISIG | (shows_answer ? 0 : ECHO));
    is_open_ = ::tcsetattr(descriptor_.get(), TCSAFLUSH, &quiet) == 0;
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    if (is_open_) ::tcsetattr(descriptor_.get(), TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool is_open() const { return is_open_; }
  void write(const std::string& text) const {
    [[maybe_unused]] const auto done = ::write(descriptor_.get(), text.data(), text.size());
  }
  // Nothing: the terminal is gone, or `interrupt` can be read.
  [[nodiscard]] std::optional<char> read(int interrupt) const {
    for (;;) {
      std::array<pollfd, 2> ends{{{descriptor_.get(), POLLIN, 0}, {interrupt, POLLIN, 0}}};
      const int ready = ::poll(ends.data(), ends.size(), -1);
      if (ready < 0 && errno != EINTR) return std::nullopt;
      if (ready <= 0) continue;
      if (ends[1].revents != 0) return std::nullopt;
      char c = 0;
      const ssize_t count = ::read(descriptor_.get(), &c, 1);
      if (count == 1) return c;
      if (count == 0 || errno != EINTR) return std::nullopt;
    }
  }

 private:
  storage::Descriptor descriptor_;
  termios before_{};
  bool is_open_ = false;
};

enum class Answer { given, refused, cancelled };

Answer read_answer(const Terminal& terminal, const HeldSignals& signals, Secret& text) {
  constexpr char interrupt = 3;
  constexpr char end_of_input = 4;
  constexpr char backspace = 8;
  constexpr char kill_line = 21;
  constexpr char erase = 127;
  while (const auto c = terminal.read(signals.descriptor())) {
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

// A core dump would hold it.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);  // the limit does not count where a program takes the dump
}

std::optional<Secret> ask(const std::string& question, bool shows_answer) {
  forbid_core_dumps();
  Secret text;
  Answer answer = Answer::refused;
  {
    const HeldSignals signals;
    const Terminal terminal(shows_answer);
    if (!terminal.is_open()) return std::nullopt;
    terminal.write(report::escaped(question));
    answer = read_answer(terminal, signals, text);
    terminal.write("\n");
  }
  if (answer == Answer::cancelled) ::raise(SIGINT);
  return answer == Answer::given ? std::optional(text) : std::nullopt;
}

void show_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += report::escaped(line) + "\n";
  const storage::Descriptor terminal(::open("/dev/tty", O_WRONLY | O_CLOEXEC));
  if (terminal.is_open()) static_cast<void>(storage::write_fully(terminal, std::as_bytes(std::span(text))));
}

bool has_terminal() {
  const storage::Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  return terminal.is_open();
}

}  // namespace

storage::SshSecrets secrets_with(std::shared_ptr<storage::SshPassword> password) {
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
  secrets.tell = [=](const std::vector<std::string>& lines) {
    const std::lock_guard lock(*one_at_a_time);
    show_lines(lines);
  };
  return secrets;
}

std::optional<Secret> secret_of_environment(const char* name) {
  char* given = std::getenv(name);
  if (given == nullptr) return std::nullopt;
  forbid_core_dumps();
  const Secret secret(given);
  ::explicit_bzero(given, std::char_traits<char>::length(given));
  ::unsetenv(name);
  return secret;
}

formats::core::Result<Secret> first_line_of(int descriptor, const std::string& name) {
  forbid_core_dumps();
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
