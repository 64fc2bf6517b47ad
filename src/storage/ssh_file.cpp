// Bytes are asked for in batches, the next few while the last is worked on: of the ranges that the reader has
// announced, else of what follows where the file is read in order; then batches grow, so that a look at a header stays
// cheap. Any other range is asked for as it is. The pieces of a batch travel together. Where there is a second line,
// every other batch comes over it.
#include "storage/ssh_file.h"

#include <algorithm>
#include <deque>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include "formats/core/read_ahead.h"
#include "storage/ssh_lane.h"

namespace cbtctl::storage {
namespace {

using formats::core::ByteRange;

constexpr std::size_t first_part_bytes = 256 * 1024;
constexpr std::size_t most_batch_bytes = 2 * 1024 * 1024;
constexpr std::size_t most_coming_per_lane = 3;  // two fill what may be under way (ssh_sftp) while the third is taken
constexpr std::uint64_t second_after_bytes = 8 * 1024 * 1024;  // read in order: the reader means it

// Calls `work` on the queue's thread and waits for what it returns.
template <typename Value>
Result<Value> on_thread(SshQueue& queue, std::function<Result<Value>()> work) {
  auto promise = std::make_shared<std::promise<Result<Value>>>();
  auto future = promise->get_future();
  queue.add([promise, work = std::move(work)] { promise->set_value(work()); }, 0);
  return future.get();
}

// Ranges that were asked for together, and their bytes behind one another.
struct Batch {
  std::vector<ByteRange> ranges;
  std::vector<std::byte> bytes;
  bool is_in_order = false;  // one range, where the file is read from front to back

  // What it holds from `offset` on, up to the end of the range; empty where it holds nothing there.
  [[nodiscard]] std::span<const std::byte> from(std::uint64_t offset) const {
    std::size_t at = 0;
    for (const ByteRange& range : ranges) {
      if (holds(range, offset))
        return std::span(bytes).subspan(at, length_of(range)).subspan(offset - range.offset_bytes);
      at += length_of(range);
    }
    return {};
  }
  static bool holds(const ByteRange& range, std::uint64_t offset) {
    return offset >= range.offset_bytes && offset - range.offset_bytes < range.length_bytes;
  }
  static std::size_t length_of(const ByteRange& range) { return static_cast<std::size_t>(range.length_bytes); }
};

class SshFile final : public ByteSource, public formats::core::ReadAhead {
 public:
  SshFile(SshHost& host, SshQueue& queue, SshSecondLine& second, std::uint64_t second_from_bytes, std::string path,
          OpenFile file)
      : size_bytes_(file.size_bytes), second_(second), second_from_bytes_(second_from_bytes) {
    lanes_.push_back(std::make_shared<SshLane>(host, queue, std::move(path), std::move(file)));
  }
  SshFile(const SshFile&) = delete;
  SshFile& operator=(const SshFile&) = delete;
  ~SshFile() override {
    drop_coming();
    for (const auto& lane : lanes_) lane->close();
  }

  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }

  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset >= size_bytes_ || out.empty()) return std::size_t{0};
    out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_bytes_ - offset)));
    const std::size_t wanted = out.size();
    const std::lock_guard lock(mutex_);
    while (!out.empty()) {
      const auto held = held_from(offset);
      if (held.empty()) {
        const Status read = read_elsewhere(offset, out);
        if (!read) return read.error();
        in_order_ = offset + out.size();
        break;
      }
      const std::size_t count = std::min(out.size(), held.size());
      std::copy_n(held.begin(), count, out.begin());
      out = out.subspan(count);
      in_order_ = offset += count;
    }
    return wanted;
  }

  void expect(std::vector<ByteRange> ranges) const override {
    const std::lock_guard lock(mutex_);
    expected_.clear();
    std::uint64_t bytes = 0;
    for (const ByteRange& range : ranges) {
      if (range.offset_bytes >= size_bytes_ || range.length_bytes == 0) continue;
      expected_.push_back({range.offset_bytes, std::min(range.length_bytes, size_bytes_ - range.offset_bytes)});
      bytes += expected_.back().length_bytes;
    }
    if (bytes >= second_from_bytes_) second_.begin();
    if (coming_.empty() && !expected_.empty()) ask_further();
  }

 private:
  struct Coming {
    std::vector<ByteRange> ranges;
    bool is_in_order = false;
    std::future<Result<Batch>> batch;

    [[nodiscard]] bool holds(std::uint64_t offset) const {
      return std::any_of(ranges.begin(), ranges.end(),
                         [&](const ByteRange& range) { return Batch::holds(range, offset); });
    }
  };

  // What is there from `offset` on, where that was to be foreseen; else empty. What was to come before it is dropped.
  std::span<const std::byte> held_from(std::uint64_t offset) const {
    for (const Batch* batch : {&batch_, &last_batch_}) {
      if (const auto held = batch->from(offset); !held.empty()) return held;
    }
    const auto comes =
        std::find_if(coming_.begin(), coming_.end(), [&](const Coming& coming) { return coming.holds(offset); });
    if (comes != coming_.end()) {
      coming_.erase(coming_.begin(), comes);
    } else if (!ask_for(offset)) {
      return {};
    }
    auto batch = coming_.front().batch.get();
    coming_.pop_front();
    if (!batch) return {};  // reading its own range tells the reader whether that one is harmed
    spare_.push_back(std::move(last_batch_.bytes));
    last_batch_ = std::exchange(batch_, std::move(*batch));
    ask_further();
    return batch_.from(offset);
  }

  // Asks for what begins at `offset`, and nothing else any more, where that is expected or the file is read in order.
  bool ask_for(std::uint64_t offset) const {
    const auto next = std::find_if(expected_.begin(), expected_.end(),
                                   [&](const ByteRange& range) { return Batch::holds(range, offset); });
    if (next == expected_.end() && offset != in_order_) return false;
    drop_coming();
    if (next != expected_.end()) {
      expected_.erase(expected_.begin(), next);
      ByteRange& first = expected_.front();
      first = {offset, first.length_bytes - (offset - first.offset_bytes)};
      ask_expected();
    } else {
      ask_in_order(offset);
    }
    return true;
  }

  void drop_coming() const {
    coming_.clear();
    for (const auto& lane : lanes_) lane->forget();
  }

  // The next batches are on their way while the last is worked on.
  void ask_further() const {
    use_second_line();
    while (coming_.size() < most_coming()) {
      if (!expected_.empty()) {
        ask_expected();
        continue;
      }
      const bool is_in_order = coming_.empty() ? batch_.is_in_order : coming_.back().is_in_order;
      if (!is_in_order) return;
      const ByteRange& last = coming_.empty() ? batch_.ranges.back() : coming_.back().ranges.back();
      const std::uint64_t end = last.offset_bytes + last.length_bytes;
      if (ordered_bytes_ <= first_part_bytes || end == size_bytes_) return;
      ask_in_order(end);
      if (ordered_bytes_ >= second_after_bytes && size_bytes_ - end >= second_from_bytes_) second_.begin();
    }
  }

  // One while the reader may stop soon.
  std::size_t most_coming() const {
    return expected_.empty() && ordered_bytes_ < most_batch_bytes ? 1 : most_coming_per_lane * lanes_.size();
  }

  void use_second_line() const {
    const auto line = second_.line();
    if (lanes_.size() == 2 && !line) lanes_.pop_back();
    if (lanes_.size() == 2 || !line) return;
    lanes_.push_back(std::make_shared<SshLane>(line->host, line->queue, lanes_.front()->path(),
                                               OpenFile{.size_bytes = size_bytes_}));
  }

  void ask_in_order(std::uint64_t offset) const {
    const std::uint64_t part = std::clamp<std::uint64_t>(ordered_bytes_, first_part_bytes, most_batch_bytes);
    const std::uint64_t length = std::min(part, size_bytes_ - offset);
    ordered_bytes_ += length;
    ask({.ranges = {{offset, length}}, .is_in_order = true});
  }

  void ask_expected() const {
    std::vector<ByteRange> ranges;
    for (std::uint64_t bytes = 0; !expected_.empty() && bytes < most_batch_bytes;) {
      ByteRange& next = expected_.front();
      ranges.push_back({next.offset_bytes, std::min<std::uint64_t>(next.length_bytes, most_batch_bytes - bytes)});
      bytes += ranges.back().length_bytes;
      next.offset_bytes += ranges.back().length_bytes;
      next.length_bytes -= ranges.back().length_bytes;
      if (next.length_bytes == 0) expected_.pop_front();
    }
    if (!ranges.empty()) ask({.ranges = std::move(ranges)});
  }

  // `wanted` has no bytes yet.
  void ask(Batch wanted) const {
    SshLane& lane = *lanes_[asked_++ % lanes_.size()];
    SshSecondLine* const second = &lane == lanes_.front().get() ? nullptr : &second_;
    const auto promise = std::make_shared<std::promise<Result<Batch>>>();
    coming_.push_back({wanted.ranges, wanted.is_in_order, promise->get_future()});
    if (!spare_.empty()) {
      wanted.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    std::size_t bytes = 0;
    for (const ByteRange& range : wanted.ranges) bytes += Batch::length_of(range);
    wanted.bytes.resize(bytes);
    const auto batch = std::make_shared<Batch>(std::move(wanted));
    lane.ask({batch->ranges, batch->bytes, [promise, batch, second](const Status& read) {
                if (!read && second != nullptr) second->give_up();
                promise->set_value(read ? Result<Batch>(std::move(*batch)) : read.error());
              }});
  }

  // A jump: what was read ahead stays, and reading in order begins anew.
  Status read_elsewhere(std::uint64_t offset, std::span<std::byte> out) const {
    ordered_bytes_ = 0;
    const auto promise = std::make_shared<std::promise<Status>>();
    auto future = promise->get_future();
    lanes_.front()->ask({{{offset, out.size()}}, out, [promise](const Status& read) { promise->set_value(read); }});
    return future.get();
  }

  const std::uint64_t size_bytes_;
  SshSecondLine& second_;
  const std::uint64_t second_from_bytes_;
  mutable std::mutex mutex_;                             // of all below
  mutable std::vector<std::shared_ptr<SshLane>> lanes_;  // the second one while it stands
  mutable std::size_t asked_ = 0;                        // batches
  mutable std::uint64_t in_order_ = 0;                   // where the last reading ended
  mutable std::uint64_t ordered_bytes_ = 0;              // asked for in order since the last jump
  mutable std::deque<ByteRange> expected_;
  mutable Batch batch_;
  mutable Batch last_batch_;                           // several readers are not at the same place
  mutable std::vector<std::vector<std::byte>> spare_;  // memory that has been touched is used again
  mutable std::deque<Coming> coming_;                  // a few batches for each lane, in their order
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_ssh_file(SshHost& host, SshQueue& queue, SshSecondLine& second,
                                                  std::uint64_t second_from_bytes, const std::string& path) {
  auto file = on_thread<OpenFile>(queue, [&] { return open_now(host, path); });
  if (!file) return file.error();
  return std::unique_ptr<ByteSource>(
      std::make_unique<SshFile>(host, queue, second, second_from_bytes, path, std::move(*file)));
}

Result<SshFound> find_ssh_file(SshHost& host, SshQueue& queue, const std::string& path) {
  return on_thread<SshFound>(queue, [&] { return find_now(host, path); });
}

}  // namespace cbtctl::storage
