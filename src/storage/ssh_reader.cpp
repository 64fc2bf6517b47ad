#include "storage/ssh_reader.h"

#include <utility>

#include "log/log.h"
#include "storage/path.h"
#include "storage/ssh_queue.h"
#include "storage/ssh_session.h"
#include "storage/ssh_settings.h"
#include "storage/ssh_shell_engine.h"

namespace cbtctl::storage {
namespace {

using Output = Result<CommandOutput>;

class ConnectedReader final : public SshReader, public Commands {
 public:
  ConnectedReader(std::unique_ptr<SshSession> session, const SshOptions& options)
      : session_(std::move(session)),
        queue_(
            options.limits.keepalive, [this] { session_->keep_alive(); }, options.turns) {}

  // Before anything is submitted.
  Status start(const std::string& root) {
    auto shell = SshShell::start(*session_, root, counters_);
    if (!shell) return shell.error();
    engine_ = std::make_unique<SshShellEngine>(std::move(*shell));
    return formats::core::success();
  }
  [[nodiscard]] SshShell& shell() { return engine_->shell(); }
  [[nodiscard]] const SshSession& session() const { return *session_; }
  [[nodiscard]] const SshCounters& counters() const override { return counters_; }

  void submit(std::vector<Submission> submissions) override {
    const std::size_t count = submissions.size();
    auto shared = std::make_shared<std::vector<Submission>>(std::move(submissions));
    queue_.add([this, shared] { answer(std::move(*shared)); }, count);
  }
  std::vector<Reply> collect() override { return queue_.collect(); }
  Result<std::unique_ptr<ByteSource>> open(const std::string& path) override {
    return Error{ErrorKind::unsupported, path + ": cannot be opened over SSH yet"};
  }

  std::future<Output> run(std::string_view script, std::vector<std::string> arguments) override {
    auto promise = std::make_shared<std::promise<Output>>();
    auto future = promise->get_future();
    queue_.add(
        [this, promise, script, arguments = std::move(arguments)] { promise->set_value(run_now(script, arguments)); },
        0);
    return future;
  }

 private:
  // The engine counts the submissions; what it leaves unanswered when the connection ends is answered here.
  void answer(std::vector<Submission> submissions) {
    std::vector<std::uint64_t> tags;
    for (Submission& submission : submissions) tags.push_back(std::exchange(submission.tag, tags.size()));
    std::vector<bool> answered(tags.size());
    const auto give = [&](std::vector<Reply> replies) {
      for (Reply& reply : replies) {
        answered[reply.tag] = true;
        reply.tag = tags[reply.tag];
      }
      queue_.give(std::move(replies));
    };
    if (!failure_) {
      const Status done = engine_->answer(std::move(submissions), give);
      if (!done) fail(done.error());
    }
    std::vector<Reply> unanswered;
    for (std::size_t i = 0; i < tags.size(); ++i) {
      if (!answered[i]) unanswered.push_back({tags[i], *failure_});
    }
    queue_.give(std::move(unanswered));
  }

  Output run_now(std::string_view script, const std::vector<std::string>& arguments) {
    if (failure_) return *failure_;
    CommandOutput result;
    const auto take = [&](const Record& record) {
      if (record.kind.empty()) result.output = record.payload;
      return formats::core::success();
    };
    auto ended = shell().run(script, arguments, SshShell::most_of(arguments, 256), take);
    if (!ended) {
      fail(ended.error());
      return *failure_;
    }
    result.errors = std::move(ended->errors);
    result.exit_status = ended->status;
    return result;
  }

  // An answer that cannot be understood is no data: the host was not read.
  void fail(const Error& error) {
    failure_ = Error{ErrorKind::unavailable, error.message};
    if (!error.message.starts_with(session_->who())) failure_ = failure_->in(session_->who());
  }

  SshCounters counters_;
  std::unique_ptr<SshSession> session_;
  std::unique_ptr<SshShellEngine> engine_;
  std::optional<Error> failure_;
  SshQueue queue_;  // last: its thread uses the others
};

}  // namespace

Result<SshPlace> open_ssh(const Location& location, const SshOptions& options) {
  const auto inside = normalise(location.path);
  if (!inside) return Error{ErrorKind::usage, location.host + ": " + location.path + " leads above the root"};
  const std::string root = "/" + *inside;
  const auto settings = ask_ssh_settings(location, options.config_file);
  if (!settings) return settings.error();
  auto session = SshSession::open(*settings, options);
  if (!session) return session.error();
  const std::string who = (*session)->who();
  const std::string identity = (*session)->identity();
  auto reader = std::make_shared<ConnectedReader>(std::move(*session), options);
  const Status started = reader->start(root);
  if (!started) {
    const Error& error = started.error();
    return error.message.starts_with(who) ? error : error.in(who + ": " + root);
  }
  SshPlace place{.reader = reader, .commands = reader, .real_root = reader->shell().real_root()};
  place.is_file = reader->shell().is_file();
  place.host_identity = identity;
  return place;
}

}  // namespace cbtctl::storage
