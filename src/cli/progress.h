// A progress bar on standard error: in a terminal only, never in a log.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cbtctl::cli {

class Progress {
 public:
  // `wanted`: false with --quiet. Nothing is drawn where standard error is no terminal.
  Progress(const std::string& title, std::uint64_t total_bytes, bool wanted);
  ~Progress();  // takes the bar away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Draws at most ten times a second.
  void show(std::uint64_t done_bytes);

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  std::uint64_t total_bytes_;
  bool is_drawn_;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_{};
};

// "[#####     ]  50 %  1 GiB of 2 GiB, 500 MiB/s, 2 s left".
[[nodiscard]] std::string progress_line(const std::string& title, std::uint64_t done_bytes, std::uint64_t total_bytes,
                                        double seconds);

}  // namespace cbtctl::cli
