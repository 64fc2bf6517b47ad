#include "storage/ssh_shell.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <span>

#include "formats/core/hex.h"
#include "storage/ssh_script.h"

namespace cbtctl::storage {
namespace {

using formats::core::success;

constexpr std::size_t most_record_bytes = 64 * 1024 * 1024;
constexpr std::size_t most_error_bytes = 16 * 1024 * 1024;
constexpr std::size_t command_line_bytes = 24 * 1024;  // BusyBox xargs stops at 32 KiB

std::string new_token() {
  std::array<std::byte, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != ssize_t{bytes.size()}) return {};
  return formats::core::hex_bytes(bytes);
}

// The number of lines, and these: so that a name with line ends stays one.
std::string as_lines(std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  return std::to_string(lines) + "\n" + std::string(text) + "\n";
}

std::string last_words(std::string_view errors) {
  while (!errors.empty() && errors.back() == '\n') errors.remove_suffix(1);
  return std::string(errors.substr(errors.rfind('\n') + 1));
}

}  // namespace

Result<std::unique_ptr<SshShell>> SshShell::start(SshSession& session, const std::string& root, SshCounters& counters) {
  const Status started = session.start_command(std::string(bootstrap_command));
  counters.waits += 2;  // the channel, the command
  if (!started) return started.error();
  std::string token = new_token();
  if (token.empty()) return Error{ErrorKind::unavailable, "no random numbers can be had"};
  std::unique_ptr<SshShell> shell(new SshShell(session, counters, std::move(token)));
  const Status greeted = shell->greet(root);
  if (!greeted) return greeted.error();
  return shell;
}

Status SshShell::greet(const std::string& root) {
  const std::string input = std::string(resident_script) + ".\n" + token_ + "\n" + as_lines(root);
  RecordSplitter output(token_, most_record_bytes);
  std::string trouble;
  bool said_hello = false;
  bool ready = false;
  std::string errors;
  const auto take = [&](const Record& record) {
    if (record.kind == "hello") {
      said_hello = true;
      lacks_ = record.payload;
    }
    if (record.kind == "root") real_root_ = record.payload;
    if (record.kind == "file") is_file_ = true;
    if (record.kind == "absent" || record.kind == "denied") trouble = record.kind;
    return success();
  };
  // "ready" is the last record: nothing follows it that would make it whole, so its line is looked for.
  std::string tail;
  const std::string ready_line = "\n" + token_ + " ready\n";
  std::size_t at = 0;
  while (!ready) {
    const auto moved = session_->move(std::string_view(input).substr(at));
    if (!moved) return moved.error();
    at += moved->written;
    errors += moved->errors;
    tail += moved->output;
    if (errors.size() + tail.size() > most_record_bytes) return Error{ErrorKind::malformed, "the shell floods"};
    ready = tail.ends_with(ready_line);
    if (moved->ended && !ready) {
      return Error{ErrorKind::unsupported,
                   "there is no shell that can be used: " + last_words(errors.empty() ? tail : errors)};
    }
  }
  ++counters_->waits;
  const Status fed = output.feed(tail, take);
  if (!fed) return fed.error();
  if (!said_hello) return Error{ErrorKind::unsupported, "the shell lacks words"};
  for (const char* needed : {"xargs -0", "head -c"}) {
    if (lacks_.find(needed) != std::string::npos) return Error{ErrorKind::unsupported, "the shell lacks " + lacks_};
  }
  if (trouble == "absent") return Error{ErrorKind::missing, "is not there"};
  if (trouble == "denied") return Error{ErrorKind::denied, "Permission denied"};
  return success();
}

std::size_t SshShell::most_of(const std::vector<std::string>& arguments, std::size_t wanted) {
  std::size_t longest = 1;
  for (const std::string& argument : arguments) longest = std::max(longest, argument.size());
  return std::clamp<std::size_t>(command_line_bytes / (longest + 16), 1, wanted);
}

Result<SshShell::Ended> SshShell::run(std::string_view script, const std::vector<std::string>& arguments,
                                      std::size_t most_arguments, const RecordSplitter::Sink& sink) {
  std::string packed;
  for (const std::string& argument : arguments) packed.append(argument).push_back('\0');
  const std::string input =
      std::to_string(packed.size()) + " " + std::to_string(most_arguments) + "\n" + as_lines(script) + packed;
  RecordSplitter output(token_, most_record_bytes);
  const std::string end_of_errors = "\n" + token_ + " end\n";
  Ended ended;
  ++counters_->requests;
  ++counters_->waits;
  counters_->most_outstanding = std::max<std::uint64_t>(counters_->most_outstanding, 1);
  const Status exchanged = exchange(input, output, ended.errors, sink,
                                    [&] { return output.ended() && ended.errors.ends_with(end_of_errors); });
  if (!exchanged) return exchanged.error();
  ended.errors.resize(ended.errors.size() - end_of_errors.size());
  ended.status = *output.ended();
  return ended;
}

Status SshShell::exchange(std::string_view input, RecordSplitter& output, std::string& errors,
                          const RecordSplitter::Sink& sink, const std::function<bool()>& is_done) {
  while (!is_done()) {
    const auto moved = session_->move(input);
    if (!moved) return moved.error();
    input.remove_prefix(moved->written);
    counters_->bytes_received += moved->output.size() + moved->errors.size();
    const Status fed = output.feed(moved->output, sink);
    if (!fed) return fed.error();
    errors += moved->errors;
    if (errors.size() > most_error_bytes) return Error{ErrorKind::malformed, "the host floods its standard error"};
    if (moved->ended && !is_done()) {
      return Error{ErrorKind::unavailable, "the host's shell ended in the middle of an answer: " + last_words(errors)};
    }
  }
  return success();
}

}  // namespace cbtctl::storage
