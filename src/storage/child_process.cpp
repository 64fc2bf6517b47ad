#include "storage/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace cbtctl::storage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_output_bytes = 1 << 20;

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  void place(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// SIGPIPE, which cbtctl ignores, means to others what it always means.
class Attributes {
 public:
  Attributes() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Result<ChildProcess> spawn(const std::vector<std::string>& command, const FileActions& actions) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const Attributes attributes;
  pid_t id = 0;
  const int error = ::posix_spawnp(&id, words.front(), actions.get(), attributes.get(), words.data(), environ);
  if (error == 0) return ChildProcess(id);
  const ErrorKind kind = error == ENOENT ? ErrorKind::missing : ErrorKind::unavailable;
  return Error{kind, command.front() + ": " + std::strerror(error)};
}

struct Pipe {
  Descriptor out;
  Descriptor in;
};

std::optional<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// False at the end of the stream.
bool read_some(const Descriptor& from, std::string& into) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR;
  if (into.size() < most_output_bytes) into.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

// Until both end, or the time is over.
void read_both(const Descriptor& output, const Descriptor& errors, Clock::time_point deadline, ProgramOutput& result) {
  std::array<pollfd, 2> ends{{{output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return;
    const int ready = ::poll(ends.data(), ends.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return;
    if (ready <= 0) continue;
    if (ends[0].revents != 0 && !read_some(output, result.output)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !read_some(errors, result.errors)) ends[1].fd = -1;
  }
}

}  // namespace

std::optional<int> ChildProcess::wait_until(Clock::time_point deadline) {
  constexpr std::chrono::milliseconds max_pause(50);
  if (id_ == 0) return 0;
  for (std::chrono::milliseconds pause(1);; pause = std::min(2 * pause, max_pause)) {
    int status = 0;
    const pid_t ended = ::waitpid(id_, &status, WNOHANG);
    if (ended == id_ || (ended < 0 && errno != EINTR)) {
      id_ = 0;
      return ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    if (Clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(pause);
  }
}

ChildProcess::~ChildProcess() {
  constexpr std::chrono::seconds grace(2);
  if (id_ == 0) return;
  ::kill(id_, SIGTERM);
  if (wait_until(Clock::now() + grace)) return;
  ::kill(id_, SIGKILL);
  wait_until(Clock::time_point::max());
}

Result<ChildProcess> start_program(const std::vector<std::string>& command, const Descriptor& descriptor) {
  FileActions actions;
  actions.place(descriptor.get(), STDIN_FILENO);
  actions.place(descriptor.get(), STDOUT_FILENO);
  return spawn(command, actions);
}

Result<ProgramOutput> run_program(const std::vector<std::string>& command, std::chrono::seconds limit) {
  const auto deadline = Clock::now() + limit;
  auto output = open_pipe();
  auto errors = open_pipe();
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!output || !errors || !nothing.is_open()) return error_of(errno);
  FileActions actions;
  actions.place(nothing.get(), STDIN_FILENO);
  actions.place(output->in.get(), STDOUT_FILENO);
  actions.place(errors->in.get(), STDERR_FILENO);
  auto child = spawn(command, actions);
  if (!child) return child.error();
  output->in = Descriptor();
  errors->in = Descriptor();
  ProgramOutput result;
  read_both(output->out, errors->out, deadline, result);
  const auto status = child->wait_until(deadline);
  if (!status) {
    return Error{ErrorKind::unavailable,
                 command.front() + " does not end within " + std::to_string(limit.count()) + " s"};
  }
  result.exit_status = *status;
  return result;
}

}  // namespace cbtctl::storage
