#include "cli/host_progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "cli/console.h"
#include "report/text.h"

namespace cbtctl::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_after{500};
constexpr milliseconds next_after{200};

}  // namespace

// Nothing is drawn from its beginning to its end.
class HostProgress::Pause {
 public:
  explicit Pause(HostProgress& progress) : progress_(progress) {
    const std::lock_guard lock(progress_.mutex_);
    ++progress_.questions_;
    if (std::exchange(progress_.is_drawn_, false)) write_error(clear_line);
  }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  ~Pause() {
    const std::lock_guard lock(progress_.mutex_);
    --progress_.questions_;
  }

 private:
  HostProgress& progress_;
};

std::string host_progress_line(std::size_t hosts, std::size_t connected, std::size_t failed,
                               std::uint64_t received_bytes) {
  std::string out = std::to_string(connected) + " of " + report::counted(hosts, "host", "hosts");
  out += " connected";
  if (failed > 0) out += ", " + std::to_string(failed) + " failed";
  return out + "; " + report::human_size(received_bytes) + " received";
}

HostProgress::HostProgress(const std::vector<storage::Location>& targets, bool wanted)
    : hosts_(static_cast<std::size_t>(
          std::count_if(targets.begin(), targets.end(), std::mem_fn(&storage::Location::is_ssh)))) {
  if (wanted && hosts_ > 0 && can_draw_progress()) thread_ = std::thread([this] { work(); });
}

HostProgress::~HostProgress() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (is_drawn_) write_error(clear_line);
}

void HostProgress::add(std::shared_ptr<const storage::SshReader> connected) {
  const std::lock_guard lock(mutex_);
  if (connected == nullptr) {
    ++failed_;
  } else {
    connected_.push_back(std::move(connected));
  }
}

storage::SshSecrets HostProgress::without_line(const storage::SshSecrets& secrets) {
  const auto quietly = [this](const auto& ask) -> std::decay_t<decltype(ask)> {
    if (!ask) return {};
    return [this, ask](const auto&... about) {
      const Pause pause(*this);
      return ask(about...);
    };
  };
  return {.password = secrets.password,
          .person = quietly(secrets.person),
          .passphrase = quietly(secrets.passphrase),
          .tell = quietly(secrets.tell)};
}

void HostProgress::work() {
  std::unique_lock lock(mutex_);
  for (auto pause = first_after; !changed_.wait_for(lock, pause, [&] { return ended_; }); pause = next_after) draw();
}

// The cursor goes back: a message that comes between begins at the margin.
void HostProgress::draw() {
  if (questions_ > 0) return;
  std::uint64_t received_bytes = 0;
  for (const auto& reader : connected_) received_bytes += reader->counters().bytes_received;
  write_error(std::string(clear_line) + host_progress_line(hosts_, connected_.size(), failed_, received_bytes) + "\r");
  is_drawn_ = true;
}

}  // namespace cbtctl::cli
