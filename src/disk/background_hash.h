// SHA-256 on a thread of its own, so that hashing costs no time beside reading and writing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "formats/core/sha256.h"

namespace cbtctl::disk {

class BackgroundHash {
 public:
  BackgroundHash();
  ~BackgroundHash();
  BackgroundHash(const BackgroundHash&) = delete;
  BackgroundHash& operator=(const BackgroundHash&) = delete;

  void add(std::string text);
  // The bytes must stay as they are until `wait` is back.
  void add(std::span<const std::byte> bytes);
  void add_zeros(std::uint64_t length_bytes);
  // Until no more than `most_waiting` of what was added is still to be hashed.
  void wait(std::size_t most_waiting);
  // Of all; nothing may be added after it.
  [[nodiscard]] std::string hex();

 private:
  struct Job {
    std::string text;
    std::span<const std::byte> bytes;
    std::uint64_t zeros = 0;
  };
  void push(Job job);
  void work();
  void hash(const Job& job);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // the first one is being hashed
  bool over_ = false;
  formats::core::Sha256 digest_;  // the thread's
  std::thread thread_;
};

}  // namespace cbtctl::disk
