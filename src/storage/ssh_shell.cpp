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

// Appends, and where the first `mark` is that this made whole.
std::size_t append_and_find(std::string& text, std::string_view more, const std::string& mark) {
  const std::size_t seam = text.size() - std::min(text.size(), mark.size());
  text += more;
  return text.find(mark, seam);
}

std::string last_words(std::string_view errors) {
  while (!errors.empty() && errors.back() == '\n') errors.remove_suffix(1);
  return std::string(errors.substr(errors.rfind('\n') + 1));
}

}  // namespace

Result<std::unique_ptr<SshShell>> SshShell::start(SshSession& session, const std::string& root,
                                                  const std::vector<Command>& first, SshCounters& counters) {
  std::string token = new_token();
  if (token.empty()) return Error{ErrorKind::unavailable, "no random numbers can be had"};
  std::unique_ptr<SshShell> shell(new SshShell(session, counters, std::move(token)));
  const Status greeted = shell->greet(root, first);
  if (!greeted) return greeted.error();
  return shell;
}

Status SshShell::greet(const std::string& root, const std::vector<Command>& first) {
  input_ = std::string(resident_script) + ".\n" + token_ + "\n" + as_lines(root);
  for (const Command& command : first) {
    input_ += "-" + std::to_string(command.arguments.size()) + " 0\n" + as_lines(command.script);
    for (const std::string& argument : command.arguments) input_ += as_lines(argument);
    first_.push_back(command);
  }
  session_->limit_question();
  const auto written = session_->start_command(std::string(bootstrap_command), input_);
  counters_->waits += 2;  // the channel; the command and what it says first
  counters_->requests += first.size();
  counters_->most_outstanding = std::max<std::uint64_t>(counters_->most_outstanding, first.size());
  if (!written) return written.error();
  written_ = *written;
  // "ready" is the last record: nothing follows it that would make it whole, so its line is looked for.
  const std::string ready_line = "\n" + token_ + " ready\n";
  std::size_t ready = std::string::npos;
  while (ready == std::string::npos) {
    const auto moved = move();
    if (!moved) return moved.error();
    ready = append_and_find(output_, moved->output, ready_line);
    errors_ += moved->errors;
    if (errors_.size() + output_.size() > most_record_bytes) return Error{ErrorKind::malformed, "the shell floods"};
    if (moved->ended && ready == std::string::npos) {
      return Error{ErrorKind::unsupported,
                   "there is no shell that can be used: " + last_words(errors_.empty() ? output_ : errors_)};
    }
  }
  const std::size_t end = ready + ready_line.size();
  const Status taken = take_greeting(std::string_view(output_).substr(0, end));
  output_.erase(0, end);
  return taken;
}

Status SshShell::take_greeting(std::string_view greeting) {
  std::string trouble;
  bool said_hello = false;
  RecordSplitter output(token_, most_record_bytes);
  const Status fed = output.feed(greeting, [&](const Record& record) {
    if (record.kind == "hello") {
      said_hello = true;
      lacks_ = record.payload;
    }
    if (record.kind == "root") real_root_ = record.payload;
    if (record.kind == "file") is_file_ = true;
    if (record.kind == "absent" || record.kind == "denied") trouble = record.kind;
    return success();
  });
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
  while (!first_.empty()) {
    const bool is_this = first_.front() == Command{script, arguments};
    first_.pop_front();
    auto ended = receive(is_this ? sink : [](const Record&) { return success(); });
    if (!ended || is_this) return ended;
  }
  std::string packed;
  for (const std::string& argument : arguments) packed.append(argument).push_back('\0');
  input_ += std::to_string(packed.size()) + " " + std::to_string(most_arguments) + "\n" + as_lines(script) + packed;
  ++counters_->requests;
  ++counters_->waits;
  counters_->most_outstanding = std::max<std::uint64_t>(counters_->most_outstanding, 1);
  return receive(sink);
}

Result<SshShell::Ended> SshShell::receive(const RecordSplitter::Sink& sink) {
  session_->limit_question();
  RecordSplitter output(token_, most_record_bytes);
  const std::string end_of_errors = "\n" + token_ + " end\n";
  std::string errors;
  std::size_t errors_end = std::string::npos;
  const auto take = [&](std::string_view more_output, std::string_view more_errors) -> Status {
    const Status fed = output.feed(more_output, sink);
    if (!fed) return fed.error();
    const std::size_t found = append_and_find(errors, more_errors, end_of_errors);
    if (errors_end == std::string::npos) errors_end = found;
    if (errors.size() > most_error_bytes) return Error{ErrorKind::malformed, "the host floods its standard error"};
    const std::size_t most_rest_bytes = first_.empty() ? 0 : most_record_bytes;
    if (output.rest().size() > most_rest_bytes)
      return Error{ErrorKind::malformed, "something comes after the end of the answer"};
    return success();
  };
  const auto is_whole = [&] { return output.ended() && errors_end != std::string::npos; };
  Status taken = take(std::exchange(output_, {}), std::exchange(errors_, {}));
  while (taken && !is_whole()) {
    const auto moved = move();
    if (!moved) return moved.error();
    taken = take(moved->output, moved->errors);
    if (moved->ended && taken && !is_whole()) {
      return Error{ErrorKind::unavailable, "the host's shell ended in the middle of an answer: " + last_words(errors)};
    }
  }
  if (!taken) return taken.error();
  output_ = output.rest();
  errors_ = errors.substr(errors_end + end_of_errors.size());
  errors.resize(errors_end);
  return Ended{*output.ended(), std::move(errors)};
}

Result<SshSession::Moved> SshShell::move() {
  auto moved = session_->move(std::string_view(input_).substr(written_));
  if (!moved) return moved;
  written_ += moved->written;
  if (written_ == input_.size()) {
    input_.clear();
    written_ = 0;
  }
  counters_->bytes_received += moved->output.size() + moved->errors.size();
  return moved;
}

}  // namespace cbtctl::storage
