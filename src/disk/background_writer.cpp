#include "disk/background_writer.h"

#include <utility>

namespace cbtctl::disk {

using formats::core::Status;

void BackgroundWriter::append(std::span<const std::byte> bytes) {
  add([this, bytes] { return output_.append(bytes); });
}

void BackgroundWriter::skip(std::uint64_t length_bytes) {
  add([this, length_bytes] { return output_.skip(length_bytes); });
}

void BackgroundWriter::checkpoint() {
  add([this] { return output_.checkpoint(); });
}

Status BackgroundWriter::outcome() const {
  const std::scoped_lock lock(mutex_);
  return outcome_;
}

void BackgroundWriter::add(std::function<Status()> change) {
  jobs_.add([this, change = std::move(change)] {
    if (!outcome()) return;
    Status done = change();
    const std::scoped_lock lock(mutex_);
    outcome_ = std::move(done);
  });
}

}  // namespace cbtctl::disk
