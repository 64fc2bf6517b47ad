#include "storage/ssh_second_line.h"

#include <utility>

#include "log/log.h"

namespace cbtctl::storage {

void SshSecondLine::begin() {
  std::call_once(begun_, [this] {
    const auto keep_alive = [this] {
      if (stands_) host_->keep_alive();
    };
    queue_ = std::make_unique<SshQueue>(idle_after_, keep_alive, nullptr);
    queue_->add(
        [this] {
          auto opened = opener_();
          if (!opened) return log::detail("no second connection: " + opened.error().message);
          host_ = std::move(*opened);
          stands_ = true;
          log::detail(host_->session().who() + ": a second connection takes part in the reading");
        },
        0);
  });
}

std::optional<SshSecondLine::Line> SshSecondLine::line() const {
  if (!stands_) return std::nullopt;
  return Line{*host_, *queue_};
}

}  // namespace cbtctl::storage
