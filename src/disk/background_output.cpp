#include "disk/background_output.h"

#include <utility>

namespace cbtctl::disk {

using formats::core::Status;

void BackgroundOutput::append(std::span<const std::byte> bytes) {
  add([this, bytes] { return output_.append(bytes); });
}

void BackgroundOutput::skip(std::uint64_t length_bytes) {
  add([this, length_bytes] { return output_.skip(length_bytes); });
}

void BackgroundOutput::checkpoint() {
  add([this] { return output_.checkpoint(); });
}

Status BackgroundOutput::outcome() const {
  const std::scoped_lock lock(mutex_);
  return outcome_;
}

void BackgroundOutput::add(std::function<Status()> change) {
  jobs_.add([this, change = std::move(change)] {
    if (!outcome()) return;
    Status done = change();
    const std::scoped_lock lock(mutex_);
    outcome_ = std::move(done);
  });
}

}  // namespace cbtctl::disk
