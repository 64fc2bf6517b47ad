// The resident script on a host: one exec channel that stays, one round trip per run.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/ssh_counters.h"
#include "storage/ssh_records.h"
#include "storage/ssh_session.h"

namespace cbtctl::storage {

class SshShell {
 public:
  // Starts it in `root`, an absolute path. `unsupported`: there is no shell, or it lacks an applet that every run
  // needs; `missing`, `denied`: the root.
  static Result<std::unique_ptr<SshShell>> start(SshSession& session, const std::string& root, SshCounters& counters);

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
  // each record that it prints to `sink`. An error means that the shell is gone.
  Result<Ended> run(std::string_view script, const std::vector<std::string>& arguments, std::size_t most_arguments,
                    const RecordSplitter::Sink& sink);

  // How many of such arguments one call takes.
  [[nodiscard]] static std::size_t most_of(const std::vector<std::string>& arguments, std::size_t wanted);

 private:
  SshShell(SshSession& session, SshCounters& counters, std::string token)
      : session_(&session), counters_(&counters), token_(std::move(token)) {}
  [[nodiscard]] Status greet(const std::string& root);
  [[nodiscard]] Status exchange(std::string_view input, RecordSplitter& output, std::string& errors,
                                const RecordSplitter::Sink& sink, const std::function<bool()>& is_done);

  SshSession* session_;
  SshCounters* counters_;
  std::string token_;
  std::string lacks_;
  std::string real_root_;
  bool is_file_ = false;
};

}  // namespace cbtctl::storage
