// The disk is gone through in windows. What either image may hold in a window is cut into jobs, which a few threads
// take one by one; the states of the blocks are collected in order. Reads are of a size that stays in the cache: the
// time is the kernel's copy, not the comparison.
#include "disk/image_comparison.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include "disk/data_walker.h"
#include "disk/threads.h"
#include "formats/core/checked.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::Status;

constexpr std::uint64_t window_bytes = std::uint64_t{1} << 30;
constexpr std::uint64_t job_bytes = std::uint64_t{4} << 20;
constexpr std::size_t compared_bytes = std::size_t{256} << 10;
constexpr std::uint64_t least_for_threads = std::uint64_t{16} << 20;

// A part of the disk in which each image either may hold data, all of it, or is a hole, all of it.
struct Job {
  std::uint64_t begin_bytes = 0;
  std::uint64_t end_bytes = 0;
  std::array<bool, 2> has_data{};
};

// Both images' ranges, cut where either changes.
class JobMaker {
 public:
  JobMaker(const ByteSource& before, const ByteSource& after) : sides_{DataWalker(before), DataWalker(after)} {}

  // The jobs of the next window, up to `end_bytes`.
  Result<std::vector<Job>> up_to(std::uint64_t end_bytes) {
    std::vector<Job> jobs;
    while (at_ < end_bytes) {
      std::uint64_t end = end_bytes;
      for (std::size_t side = 0; side < 2; ++side) {
        while (ranges_[side].end_bytes <= at_) {
          const auto next = sides_[side].next();
          if (!next) return next.error();
          if (!*next) break;
          ranges_[side] = **next;
        }
        if (ranges_[side].end_bytes > at_) end = std::min(end, ranges_[side].end_bytes);
      }
      const std::array<bool, 2> has_data{ranges_[0].may_hold_data, ranges_[1].may_hold_data};
      if (has_data[0] || has_data[1]) cut(jobs, end, has_data);
      at_ = end;
    }
    for (DataWalker& side : sides_) side.tell();
    return jobs;
  }

 private:
  void cut(std::vector<Job>& jobs, std::uint64_t end, std::array<bool, 2> has_data) const {
    for (std::uint64_t begin = at_; begin < end; begin += job_bytes)
      jobs.push_back({begin, std::min(begin + job_bytes, end), has_data});
  }

  std::array<DataWalker, 2> sides_;
  std::array<DataRange, 2> ranges_;
  std::uint64_t at_ = 0;
};

using Buffers = std::array<std::vector<std::byte>, 2>;

class Comparison {
 public:
  Comparison(const ByteSource& before, const ByteSource& after, std::uint64_t block_bytes)
      : images_{&before, &after}, block_bytes_(block_bytes), buffers_(threads_at_once()) {
    for (Buffers& pair : buffers_)
      pair = {std::vector<std::byte>(compared_bytes), std::vector<std::byte>(compared_bytes)};
  }

  // The states of the blocks from `begin_bytes`, a multiple of the block size, to `end_bytes`.
  std::vector<std::uint8_t> run(const std::vector<Job>& jobs, std::uint64_t begin_bytes, std::uint64_t end_bytes) {
    first_block_ = begin_bytes / block_bytes_;
    const auto count = static_cast<std::size_t>(formats::core::divide_up(end_bytes - begin_bytes, block_bytes_));
    states_ = std::vector<std::atomic<std::uint8_t>>(count);
    next_job_ = 0;
    std::uint64_t total = 0;
    for (const Job& job : jobs) total += job.end_bytes - job.begin_bytes;
    {
      const std::size_t threads = total < least_for_threads ? 1 : buffers_.size();
      const auto others = start_threads(threads - 1, [&](std::size_t i) { work(jobs, buffers_[i]); });
      work(jobs, buffers_[0]);
    }
    return {states_.begin(), states_.end()};
  }

  [[nodiscard]] const std::optional<Error>& first_error() const { return first_error_; }

 private:
  void work(const std::vector<Job>& jobs, Buffers& buffers) {
    for (std::size_t i = next_job_++; i < jobs.size(); i = next_job_++) {
      const Job& job = jobs[i];
      for (std::uint64_t at = job.begin_bytes; at < job.end_bytes; at += compared_bytes) {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(compared_bytes, job.end_bytes - at));
        if (read_both(job, at, length, buffers))
          compare(at, length, buffers);
        else
          by_blocks(job, at, length, buffers);
      }
    }
  }

  bool read_both(const Job& job, std::uint64_t at, std::size_t length, Buffers& buffers) {
    for (std::size_t side = 0; side < 2; ++side) {
      const auto bytes = std::span(buffers[side]).first(length);
      if (!job.has_data[side]) {
        std::fill(bytes.begin(), bytes.end(), std::byte{0});
        continue;
      }
      if (const auto read = read_whole(*images_[side], at, bytes); !read) {
        const std::scoped_lock lock(error_mutex_);
        if (!first_error_) first_error_ = read.error();
        return false;
      }
    }
    return true;
  }

  // The piece as far as it lies in single blocks: what cannot be read harms no other block.
  void by_blocks(const Job& job, std::uint64_t at, std::size_t length, Buffers& buffers) {
    for_each_block(at, length, [&](std::uint64_t begin, std::size_t part) {
      if (read_both(job, begin, part, buffers))
        compare(begin, part, buffers);
      else
        mark(begin, block_unreadable);
    });
  }

  void compare(std::uint64_t at, std::size_t length, const Buffers& buffers) {
    if (std::memcmp(buffers[0].data(), buffers[1].data(), length) == 0) return;
    for_each_block(at, length, [&](std::uint64_t begin, std::size_t part) {
      const auto within = static_cast<std::size_t>(begin - at);
      if (std::memcmp(buffers[0].data() + within, buffers[1].data() + within, part) != 0) mark(begin, block_differs);
    });
  }

  template <typename Visit>
  void for_each_block(std::uint64_t at, std::size_t length, const Visit& visit) const {
    const std::uint64_t end = at + length;
    while (at < end) {
      const std::uint64_t block_end = std::min((at / block_bytes_ + 1) * block_bytes_, end);
      visit(at, static_cast<std::size_t>(block_end - at));
      at = block_end;
    }
  }

  void mark(std::uint64_t at, std::uint8_t bit) {
    states_[static_cast<std::size_t>(at / block_bytes_ - first_block_)] |= bit;
  }

  std::array<const ByteSource*, 2> images_;
  std::uint64_t block_bytes_;
  std::vector<Buffers> buffers_;  // one pair for each thread, for all windows
  std::uint64_t first_block_ = 0;
  std::vector<std::atomic<std::uint8_t>> states_;
  std::atomic<std::size_t> next_job_ = 0;
  std::mutex error_mutex_;
  std::optional<Error> first_error_;
};

}  // namespace

Result<std::optional<Error>> compare_images(const ByteSource& before, const ByteSource& after,
                                            std::uint64_t block_bytes, const BlockSink& sink) {
  const std::uint64_t window = std::max<std::uint64_t>(window_bytes / block_bytes, 1) * block_bytes;
  JobMaker maker(before, after);
  Comparison comparison(before, after, block_bytes);
  for (std::uint64_t begin = 0; begin < before.size_bytes(); begin += window) {
    const std::uint64_t end = begin + std::min(window, before.size_bytes() - begin);
    const auto jobs = maker.up_to(end);
    if (!jobs) return jobs.error();
    const auto states = comparison.run(*jobs, begin, end);
    if (const auto taken = sink(begin / block_bytes, states); !taken) return taken.error();
  }
  return comparison.first_error();
}

}  // namespace cbtctl::disk
