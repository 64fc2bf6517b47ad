#include "storage/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cbtctl::storage {
namespace {

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

void read_both(Descriptor output, Descriptor errors, ProgramOutput& result) {
  std::array<pollfd, 2> ends{{{output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return;
    if (ends[0].revents != 0 && !read_some(output, result.output)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !read_some(errors, result.errors)) ends[1].fd = -1;
  }
}

}  // namespace

int ChildProcess::wait() {
  int status = 0;
  const pid_t id = std::exchange(id_, 0);
  if (id == 0) return 0;
  while (::waitpid(id, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

ChildProcess::~ChildProcess() {
  if (id_ == 0) return;
  ::kill(id_, SIGTERM);
  wait();
}

Result<ChildProcess> start_program(const std::vector<std::string>& command, const Descriptor& descriptor) {
  FileActions actions;
  actions.place(descriptor.get(), STDIN_FILENO);
  actions.place(descriptor.get(), STDOUT_FILENO);
  return spawn(command, actions);
}

Result<ProgramOutput> run_program(const std::vector<std::string>& command) {
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
  read_both(std::move(output->out), std::move(errors->out), result);
  result.exit_status = child->wait();
  return result;
}

}  // namespace cbtctl::storage
