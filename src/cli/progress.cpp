#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>

#include "cli/console.h"
#include "report/text.h"

namespace cbtctl::cli {
std::string progress_line(const std::string& title, std::uint64_t done_bytes, std::uint64_t total_bytes,
                          double seconds) {
  constexpr std::size_t width = 24;
  const std::uint64_t done = std::min(done_bytes, total_bytes);
  const double part = total_bytes == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total_bytes);
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  std::string percent = std::to_string(static_cast<int>(part * 100));
  percent.insert(0, 3 - std::min<std::size_t>(percent.size(), 3), ' ');
  std::string out = title + " [" + std::string(filled, '#') + std::string(width - filled, ' ') + "] " + percent +
                    " %  " + report::human_size(done) + " of " + report::human_size(total_bytes);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  if (rate >= 1) {
    out += ", " + report::human_size(static_cast<std::uint64_t>(rate)) + "/s, " +
           std::to_string(static_cast<std::uint64_t>(static_cast<double>(total_bytes - done) / rate)) + " s left";
  }
  return out;
}

Progress::Progress(const std::string& title, std::uint64_t total_bytes, bool wanted)
    : title_(report::escaped(title)), total_bytes_(total_bytes), is_drawn_(wanted && can_draw_progress()) {}

Progress::~Progress() {
  if (is_drawn_) write_error(clear_line);
}

void Progress::show(std::uint64_t done_bytes) {
  if (!is_drawn_) return;
  const auto now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  write_error(std::string(clear_line) + progress_line(title_, done_bytes, total_bytes_, seconds));
}

}  // namespace cbtctl::cli
