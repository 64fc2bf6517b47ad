#include "cli/run.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <clocale>
#include <csignal>

#include "cli/console.h"
#include "cli/exit_status.h"
#include "cli/verb.h"
#include "report/tool.h"
#include "report/trouble.h"

namespace cbtctl::cli {
namespace {

// The document of a verb that is cancelled before its report; made before any signal, since its handler makes nothing.
std::string& cancelled_document() {
  static std::string document;
  return document;
}

extern "C" void on_cancel(int) {
  write_when_cancelled(cancelled_document());
  ::_exit(exit_cancelled);
}

// A standard stream that was closed must not be the next socket or file that is opened: what is printed would go there.
// It stays one that nothing can be written to.
void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", O_RDONLY));  // gives the lowest that is free
  }
}

// Every target on this machine has its own workers, and each of those has files open. Not more than many: what is
// started from here inherits it, and some programs go through all that they might have open.
void allow_many_files() {
  constexpr rlim_t many = 65536;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::max(files.rlim_cur, std::min(files.rlim_max, many));
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
}

std::string overview() {
  std::string out =
      "usage: cbtctl VERB [options] ...\n\n"
      "Inspects and repairs Changed Block Tracking (CBT) in VMware ESXi files.\n\n";
  for (const Verb& verb : verbs()) {
    std::string left = "  " + std::string(verb.name) + " " + std::string(verb.synopsis);
    left.resize(std::max<std::size_t>(left.size() + 2, 30), ' ');
    out += left + std::string(verb.summary) + "\n";
  }
  return out + "\ncbtctl VERB --help tells the options of a verb; cbtctl --version the version.\n";
}

// "ctk" alone is no verb: the longest name that the arguments begin with.
const Verb* find_verb(const std::vector<std::string>& arguments, std::size_t& words) {
  for (const Verb& verb : verbs()) {
    const bool is_pair = verb.name.find(' ') != std::string_view::npos;
    words = is_pair ? 2 : 1;
    if (arguments.size() < words) continue;
    if (verb.name == (is_pair ? arguments[0] + " " + arguments[1] : arguments[0])) return &verb;
  }
  return nullptr;
}

}  // namespace

void prepare_process() {
  hold_standard_streams();
  allow_many_files();
  std::setlocale(LC_CTYPE, "");
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, on_cancel);
  std::signal(SIGTERM, on_cancel);
}

namespace {

int run_verb(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    write_error(overview());
    return exit_usage;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    return write_output(overview()) ? exit_done : exit_incomplete;
  }
  if (arguments[0] == "--version") {
    return write_output("cbtctl " + std::string(report::tool_version()) + "\n") ? exit_done : exit_incomplete;
  }
  std::size_t words = 0;
  const Verb* verb = find_verb(arguments, words);
  if (verb == nullptr) {
    const bool is_group = arguments[0] == "ctk";
    return usage_error(
        is_group ? "ctk needs one of: show, blocks, map, diff, verify" : "there is no verb '" + arguments[0] + "'",
        "cbtctl --help");
  }
  return verb->run(*verb, {arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end()});
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  if (!asks_for(arguments, "--json")) return run_verb(arguments);
  cancelled_document() = report::error_json(exit_cancelled);
  const int status = run_verb(arguments);
  const bool is_without_report =
      (status & (exit_incomplete | exit_usage | exit_cancelled)) != 0 && !has_written_output();
  return is_without_report && !write_output(report::error_json(status)) ? status | exit_incomplete : status;
}

}  // namespace cbtctl::cli
