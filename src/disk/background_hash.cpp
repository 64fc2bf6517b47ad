#include "disk/background_hash.h"

#include <algorithm>
#include <array>

namespace cbtctl::disk {

BackgroundHash::BackgroundHash() : thread_([this] { work(); }) {}

BackgroundHash::~BackgroundHash() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BackgroundHash::add(std::string text) { push({.text = std::move(text)}); }
void BackgroundHash::add(std::span<const std::byte> bytes) { push({.text = {}, .bytes = bytes}); }
void BackgroundHash::add_zeros(std::uint64_t length_bytes) { push({.text = {}, .bytes = {}, .zeros = length_bytes}); }

void BackgroundHash::push(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

void BackgroundHash::wait(std::size_t most_waiting) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return jobs_.size() <= most_waiting; });
}

std::string BackgroundHash::hex() {
  wait(0);
  return digest_.hex();
}

void BackgroundHash::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return over_ || !jobs_.empty(); });
    if (over_) return;
    const Job& job = jobs_.front();
    lock.unlock();
    hash(job);
    lock.lock();
    jobs_.pop_front();
    changed_.notify_all();
  }
}

void BackgroundHash::hash(const Job& job) {
  digest_.add(job.text);
  digest_.add(job.bytes);
  constexpr std::size_t piece_bytes = std::size_t{64} << 10;
  static constexpr std::array<std::byte, piece_bytes> zeros{};
  for (std::uint64_t left = job.zeros; left > 0;) {
    const auto piece = std::min<std::uint64_t>(left, piece_bytes);
    digest_.add(std::span(zeros).first(static_cast<std::size_t>(piece)));
    left -= piece;
  }
}

}  // namespace cbtctl::disk
