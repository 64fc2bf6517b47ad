// A part of a table is a table. For the totals each thread takes one part, and the sums are added. Changed extents are
// to come in order and in bounded memory: the parts are small, a few are looked through ahead of what has been handed
// on, and an extent that ends with its part waits for the next one, which may go on with it.
#include "disk/table.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "disk/threads.h"
#include "formats/core/checked.h"
#include "formats/core/read_ahead.h"

namespace cbtctl::disk {
namespace {

using formats::core::ByteSource;
using formats::core::Result;
using formats::core::Status;
using formats::core::success;
using formats::ctk::ChangedExtent;
using formats::ctk::ChangeQuery;
using formats::ctk::ExtentSink;
using formats::ctk::TableShape;
using formats::ctk::TableTotals;

constexpr std::uint64_t part_blocks = 256 * 1024;  // 1 MiB of entries
constexpr std::uint64_t least_parts = 8;
constexpr std::size_t parts_ahead = 4;

std::size_t threads_for(const ByteSource& file, const TableShape& shape, std::size_t most) {
  const bool is_whole = shape.table_offset_bytes + shape.blocks * formats::ctk::entry_bytes <= file.size_bytes();
  const bool is_small = shape.blocks < least_parts * part_blocks;
  return formats::core::read_ahead_of(file) != nullptr || !is_whole || is_small ? 1 : most;
}

TableShape part_of(const TableShape& whole, std::uint64_t first_block, std::uint64_t most_blocks) {
  TableShape part = whole;
  part.table_offset_bytes += first_block * formats::ctk::entry_bytes;
  part.blocks = std::min(most_blocks, whole.blocks - first_block);
  part.capacity_bytes =
      std::min(part.blocks * whole.block_bytes, whole.capacity_bytes - first_block * whole.block_bytes);
  return part;
}

struct ChangedPart {
  std::vector<ChangedExtent> extents;
  Status status = success();
};

ChangedPart look_through(const ByteSource& file, const TableShape& whole, const ChangeQuery& query,
                         std::uint64_t first_block) {
  ChangedPart part;
  part.status = formats::ctk::visit_changed(file, part_of(whole, first_block, part_blocks), query,
                                            [&](std::span<const ChangedExtent> extents) {
                                              for (ChangedExtent extent : extents) {
                                                extent.offset_bytes += first_block * whole.block_bytes;
                                                part.extents.push_back(extent);
                                              }
                                            });
  return part;
}

// The parts of a table, looked through by this thread and others, had in order.
class ChangedParts {
 public:
  using Look = std::function<ChangedPart(std::uint64_t number)>;

  ChangedParts(std::uint64_t parts, std::size_t threads, Look look) : parts_(parts), look_(std::move(look)) {
    others_ = start_threads(threads - 1, [this](std::size_t) { help(); });
  }
  ChangedParts(const ChangedParts&) = delete;
  ChangedParts& operator=(const ChangedParts&) = delete;
  ~ChangedParts() {
    {
      const std::scoped_lock lock(mutex_);
      parts_ = 0;  // nobody begins another
    }
    changed_.notify_all();
  }

  // Once for each part.
  ChangedPart next() {
    std::unique_lock lock(mutex_);
    std::optional<ChangedPart>& wanted = slot(had_);
    while (!wanted) look_or_wait(lock);
    ++had_;
    changed_.notify_all();
    return *std::exchange(wanted, std::nullopt);
  }

 private:
  [[nodiscard]] bool may_begin() const { return begun_ < std::min(parts_, had_ + parts_ahead); }
  std::optional<ChangedPart>& slot(std::uint64_t number) { return slots_[number % parts_ahead]; }

  // Looks through one part, or waits until something has changed.
  void look_or_wait(std::unique_lock<std::mutex>& lock) {
    if (!may_begin()) return changed_.wait(lock);
    const std::uint64_t number = begun_++;
    lock.unlock();
    ChangedPart part = look_(number);
    lock.lock();
    slot(number) = std::move(part);
    changed_.notify_all();
  }

  void help() {
    std::unique_lock lock(mutex_);
    while (begun_ < parts_) look_or_wait(lock);
  }

  std::mutex mutex_;  // of all but look_
  std::condition_variable changed_;
  std::uint64_t parts_;
  std::uint64_t begun_ = 0;
  std::uint64_t had_ = 0;
  std::array<std::optional<ChangedPart>, parts_ahead> slots_;
  const Look look_;
  std::vector<std::jthread> others_;  // last: they use the rest
};

// Hands the parts' extents on as those of one table.
class Joiner {
 public:
  Joiner(const ChangeQuery& query, const ExtentSink& sink) : query_(query), sink_(sink) {}

  // Of the next part.
  void add(std::span<const ChangedExtent> extents) {
    if (last_ && !extents.empty() && join(*last_, extents.front(), query_)) extents = extents.subspan(1);
    if (extents.empty()) return;
    finish();
    last_ = extents.back();
    if (extents.size() > 1) sink_(extents.first(extents.size() - 1));
  }

  void finish() {
    if (last_) sink_({&*last_, 1});
    last_.reset();
  }

 private:
  const ChangeQuery& query_;
  const ExtentSink& sink_;
  std::optional<ChangedExtent> last_;  // the next part may go on with it
};

}  // namespace

Result<TableTotals> total(const ByteSource& file, const TableShape& shape) {
  return total_by(threads_at_once(), file, shape);
}

Status visit_changed(const ByteSource& file, const TableShape& shape, const ChangeQuery& query,
                     const ExtentSink& sink) {
  return visit_changed_by(threads_at_once(), file, shape, query, sink);
}

Result<TableTotals> total_by(std::size_t most_threads, const ByteSource& file, const TableShape& shape) {
  const std::size_t threads = threads_for(file, shape, most_threads);
  if (threads == 1) return formats::ctk::total(file, shape);
  const std::uint64_t blocks = formats::core::divide_up(shape.blocks, threads);
  std::vector<Result<TableTotals>> parts(threads, TableTotals{});
  const auto work = [&](std::size_t i) { parts[i] = formats::ctk::total(file, part_of(shape, i * blocks, blocks)); };
  {
    const auto others = start_threads(threads - 1, work);
    work(0);
    for (std::size_t i = others.size() + 1; i < threads; ++i) work(i);
  }
  TableTotals sum;
  for (const auto& part : parts) {
    if (!part) return part.error();
    formats::ctk::add(sum, *part);
  }
  return sum;
}

Status visit_changed_by(std::size_t most_threads, const ByteSource& file, const TableShape& shape,
                        const ChangeQuery& query, const ExtentSink& sink) {
  const std::size_t threads = threads_for(file, shape, most_threads);
  if (threads == 1) return formats::ctk::visit_changed(file, shape, query, sink);
  const std::uint64_t parts = formats::core::divide_up(shape.blocks, part_blocks);
  ChangedParts changed(parts, threads,
                       [&](std::uint64_t number) { return look_through(file, shape, query, number * part_blocks); });
  Joiner joiner(query, sink);
  for (std::uint64_t i = 0; i < parts; ++i) {
    const ChangedPart part = changed.next();
    joiner.add(part.extents);
    if (!part.status) return part.status;
  }
  joiner.finish();
  return success();
}

}  // namespace cbtctl::disk
