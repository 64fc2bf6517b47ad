#include "storage/ssh_reader.h"

#include <future>
#include <utility>

#include "formats/core/path.h"
#include "storage/ssh_file.h"
#include "storage/ssh_given_secrets.h"
#include "storage/ssh_host.h"
#include "storage/ssh_queue.h"
#include "storage/ssh_second_line.h"
#include "storage/ssh_settings.h"

namespace cbtctl::storage {
namespace {

using formats::core::normalise;
using Output = Result<CommandOutput>;

constexpr std::size_t most_arguments_per_call = 256;
constexpr std::size_t max_records_bytes = 64 * 1024 * 1024;

class ConnectedReader final : public SshReader, public Commands {
 public:
  ConnectedReader(std::unique_ptr<SshHost> host, SshSecondLine::Opener second, const SshOptions& options)
      : second_from_bytes_(options.second_line_from_bytes),
        host_(std::move(host)),
        second_(std::move(second), options.limits.keepalive),
        queue_(
            options.limits.keepalive, [this] { host_->keep_alive(); }, options.turns) {}

  [[nodiscard]] const SshCounters& counters() const override { return host_->counters(); }

  void submit(std::vector<Submission> submissions) override {
    const std::size_t count = submissions.size();
    auto shared = std::make_shared<std::vector<Submission>>(std::move(submissions));
    queue_.add([this, shared] { answer(std::move(*shared)); }, count);
  }
  std::vector<Reply> collect() override { return queue_.collect(); }
  std::optional<Error> failure() override {
    std::promise<std::optional<Error>> promise;
    queue_.add([&] { promise.set_value(host_->failure()); }, 0);
    return promise.get_future().get();
  }
  Result<std::unique_ptr<ByteSource>> open(const std::string& path) override {
    return open_ssh_file(*host_, queue_, second_, second_from_bytes_, path);
  }

  Result<SshFound> find(const std::string& path) override { return find_ssh_file(*host_, queue_, path); }

  Result<HostRecords> run_records(std::string_view script, std::vector<std::string> arguments,
                                  std::size_t most_arguments) override {
    std::promise<Result<HostRecords>> promise;
    queue_.add([&] { promise.set_value(records_now(script, arguments, most_arguments)); }, 0);
    return promise.get_future().get();
  }

  PendingOutput run(std::string_view script, std::vector<std::string> arguments) override {
    auto promise = std::make_shared<std::promise<Output>>();
    auto future = std::make_shared<std::future<Output>>(promise->get_future());
    queue_.add(
        [this, promise, script, arguments = std::move(arguments)] { promise->set_value(run_now(script, arguments)); },
        0);
    return PendingOutput([future] { return future->get(); });
  }

 private:
  // What the engine leaves unanswered when the connection ends is answered here.
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
    auto engine = host_->engine();
    const Status done = engine ? (*engine)->answer(std::move(submissions), give) : Status(engine.error());
    if (done) return;
    host_->fail(done.error());
    std::vector<Reply> unanswered;
    for (std::size_t i = 0; i < tags.size(); ++i) {
      if (!answered[i]) unanswered.push_back({tags[i], *host_->failure()});
    }
    queue_.give(std::move(unanswered));
  }

  Result<HostRecords> records_now(std::string_view script, const std::vector<std::string>& arguments,
                                  std::size_t most_arguments) {
    const auto shell = host_->shell();
    if (!shell) return shell.error();
    HostRecords records{.token = (*shell)->token(), .list = {}};
    std::size_t bytes = 0;
    const auto take = [&](const Record& record) -> Status {
      bytes += records.token.size() + record.payload.size();
      if (bytes > max_records_bytes) return Error{ErrorKind::malformed, "the host's answer is longer than it can be"};
      records.list.emplace_back(record.kind, record.payload);
      return formats::core::success();
    };
    const auto ended = (*shell)->run(script, arguments, most_arguments, take);
    if (ended) return records;
    host_->fail(ended.error());
    return *host_->failure();
  }

  Output run_now(std::string_view script, const std::vector<std::string>& arguments) {
    const auto shell = host_->shell();
    if (!shell) return shell.error();
    CommandOutput result;
    const auto take = [&](const Record& record) {
      if (record.kind.empty()) result.output = record.payload;
      return formats::core::success();
    };
    auto ended = (*shell)->run(script, arguments, SshShell::most_of(arguments, most_arguments_per_call), take);
    if (!ended) {
      host_->fail(ended.error());
      return *host_->failure();
    }
    result.errors = std::move(ended->errors);
    result.exit_status = ended->status;
    return result;
  }

  const std::uint64_t second_from_bytes_;
  std::unique_ptr<SshHost> host_;
  SshSecondLine second_;
  SshQueue queue_;  // last: its thread uses the host
};

std::vector<Command> first_of(const SshOptions& options) {
  std::vector<Command> first = options.first_commands;
  if (options.first_listing != FirstListing::unknown)
    first.insert(options.lists_before_commands ? first.begin() : first.end(),
                 listing_command("", options.first_listing == FirstListing::tree));
  return first;
}

std::shared_ptr<ListingBudget> budget_of(const SshSettings& settings, const SshOptions& options) {
  return options.listings->of(account_of(settings), options.limits.listing);
}

// Another connection like the first, to the very same host; what it cannot have soon it does not need.
SshSecondLine::Opener opener_of_second(const SshSettings& settings, SshOptions options, const GivenSecrets& given,
                                       const std::string& root, const std::string& identity) {
  constexpr std::chrono::seconds most{5};
  options.secrets = given.again(options.secrets);
  options.accept_new_host_key = false;
  options.limits.connect = std::min(options.limits.connect.value_or(most), most);
  return [=]() -> Result<std::unique_ptr<SshHost>> {
    auto session = SshSession::open(settings, options);
    if (!session) return session.error();
    if ((*session)->identity() != identity)
      return Error{ErrorKind::unavailable, (*session)->who() + ": another host answers"};
    auto host = std::make_unique<SshHost>(std::move(*session), budget_of(settings, options), root, SshTransport::sftp);
    const Status started = host->start();
    if (!started) return started.error();
    return host;
  };
}

}  // namespace

Result<SshPlace> open_ssh(const Location& location, const SshOptions& options) {
  const auto inside = normalise(location.path);
  if (!inside) return Error{ErrorKind::usage, location.host + ": " + location.path + " leads above the root"};
  const std::string root = "/" + *inside;
  const auto settings =
      ask_ssh_settings(location, options.config_file, options.limits.connect.value_or(SshLimits::usual_connect));
  if (!settings) return settings.error();
  const GivenSecrets given;
  SshOptions remembering = options;
  remembering.secrets = given.remembering(options.secrets);
  auto session = SshSession::open(*settings, remembering);
  if (!session) return session.error();
  auto host = std::make_unique<SshHost>(std::move(*session), budget_of(*settings, options), root, options.transport,
                                        first_of(options));
  const std::string who = host->session().who();
  const Status started = host->start();
  if (!started)
    return started.error().message.starts_with(who) ? started.error() : started.error().in(who + ": " + root);
  SshPlace place{.real_root = host->real_root()};
  place.is_file = host->is_file();
  place.host_identity = host->session().identity();
  const bool has_shell = host->has_shell();
  auto second = opener_of_second(*settings, options, given, root, place.host_identity);
  auto reader = std::make_shared<ConnectedReader>(std::move(host), std::move(second), options);
  place.reader = reader;
  if (has_shell) place.commands = reader;
  return place;
}

}  // namespace cbtctl::storage
