// The resident script on a host: one exec channel that stays, one round trip per run.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/commands.h"
#include "storage/ssh_counters.h"
#include "storage/ssh_records.h"
#include "storage/ssh_session.h"

namespace cbtctl::storage {

class SshShell {
 public:
  // Starts it in `root`, an absolute path, and asks `first` without waiting for it: runs that are expected next, of few
  // and short arguments. `unsupported`: there is no shell, or it lacks an applet that every run needs; `missing`,
  // `denied`: the root.
  static Result<std::unique_ptr<SshShell>> start(SshSession& session, const std::string& root,
                                                 const std::vector<Command>& first, SshCounters& counters);

  [[nodiscard]] const std::string& token() const { return token_; }
  // Applets without which no files can be listed and read: " stat -c find -exec +". Empty: all are there.
  [[nodiscard]] const std::string& lacks() const { return lacks_; }
  [[nodiscard]] const std::string& real_root() const { return real_root_; }  // without links; "" where it is "/"
  [[nodiscard]] bool is_file() const { return is_file_; }  // the root is the folder of the file that was named

  struct Ended {
    int status = 0;
    std::string errors;  // standard error
  };
  // Hands `arguments` to `script`, at most `most_arguments` (and not more than a command line takes) to one call, and
  // each record that it prints to `sink`. What was asked first and was not this is dropped. An error means that the
  // shell is gone.
  Result<Ended> run(std::string_view script, const std::vector<std::string>& arguments, std::size_t most_arguments,
                    const RecordSplitter::Sink& sink);

  // How many of such arguments one call takes.
  [[nodiscard]] static std::size_t most_of(const std::vector<std::string>& arguments, std::size_t wanted);

 private:
  SshShell(SshSession& session, SshCounters& counters, std::string token)
      : session_(&session), counters_(&counters), token_(std::move(token)) {}
  [[nodiscard]] Status greet(const std::string& root, const std::vector<Command>& first);
  [[nodiscard]] Status take_greeting(std::string_view greeting);
  Result<SshSession::Moved> move();
  Result<Ended> receive(const RecordSplitter::Sink& sink);

  SshSession* session_;
  SshCounters* counters_;
  std::string token_;
  std::string input_;          // to be written
  std::size_t written_ = 0;    // of it
  std::string output_;         // come already, of an answer that is not yet received
  std::string errors_;         // likewise
  std::deque<Command> first_;  // asked, and not yet received
  std::string lacks_;
  std::string real_root_;
  bool is_file_ = false;
};

}  // namespace cbtctl::storage
