#include "storage/read_record.h"

#include "formats/core/read_ahead.h"
#include "formats/core/sha256.h"

namespace cbtctl::storage {
namespace {

using formats::core::ByteRange;
using formats::core::ByteSource;
using formats::core::Result;

constexpr std::uint64_t most_hashed_bytes = std::uint64_t{64} << 20;  // a CTK file has no more than 9 MiB

template <typename T>
bool differ(const std::optional<T>& a, const std::optional<T>& b) {
  return a && b && *a != *b;
}

bool tells_change(const FileReading& before, const FileReading& after) {
  return differ(before.size_bytes, after.size_bytes) || differ(before.modified_ns, after.modified_ns) ||
         (!before.sha256.empty() && !after.sha256.empty() && before.hashed_bytes == after.hashed_bytes &&
          before.sha256 != after.sha256);
}

// Hashes what is read as long as it goes on from the beginning; what was read before may be read again.
class RecordedFile : public ByteSource {
 public:
  RecordedFile(std::unique_ptr<ByteSource> source, std::shared_ptr<ReadRecord> record, std::size_t target,
               std::string path, FileReading reading)
      : source_(std::move(source)),
        record_(std::move(record)),
        target_(target),
        path_(std::move(path)),
        reading_(std::move(reading)),
        is_hashed_(source_->size_bytes() <= most_hashed_bytes) {
    record_->add(target_, path_, reading_);
    hash(0, {});
  }

  [[nodiscard]] std::uint64_t size_bytes() const override { return source_->size_bytes(); }
  [[nodiscard]] std::optional<std::uint64_t> allocated_bytes() const override { return source_->allocated_bytes(); }
  [[nodiscard]] Result<ByteRange> next_data(std::uint64_t offset_bytes) const override {
    return source_->next_data(offset_bytes);
  }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    auto read = source_->read_at(offset_bytes, out);
    if (read && is_hashed_) hash(offset_bytes, out.first(*read));
    return read;
  }

 protected:
  [[nodiscard]] const ByteSource& source() const { return *source_; }

 private:
  void hash(std::uint64_t offset_bytes, std::span<const std::byte> bytes) const {
    const std::lock_guard lock(mutex_);
    if (is_done_ || offset_bytes > hashed_bytes_ || offset_bytes + bytes.size() < hashed_bytes_) return;
    digest_.add(bytes.subspan(hashed_bytes_ - offset_bytes));
    hashed_bytes_ = offset_bytes + bytes.size();
    if (hashed_bytes_ != source_->size_bytes()) return;
    is_done_ = true;
    FileReading whole = reading_;
    whole.sha256 = digest_.hex();
    whole.hashed_bytes = hashed_bytes_;
    whole.is_whole = true;
    record_->add(target_, path_, std::move(whole));
  }

  std::unique_ptr<ByteSource> source_;
  std::shared_ptr<ReadRecord> record_;
  std::size_t target_;
  std::string path_;
  FileReading reading_;
  bool is_hashed_;
  mutable std::mutex mutex_;
  mutable formats::core::Sha256 digest_;
  mutable std::uint64_t hashed_bytes_ = 0;
  mutable bool is_done_ = false;
};

// Whoever reads asks whether a source reads ahead, and does more where it does.
class RecordedFarFile final : public RecordedFile, public formats::core::ReadAhead {
 public:
  using RecordedFile::RecordedFile;
  void expect(std::vector<ByteRange> ranges) const override { formats::core::expect(source(), std::move(ranges)); }
};

}  // namespace

void ReadRecord::add(std::size_t target, const std::string& path, FileReading reading) {
  const std::lock_guard lock(mutex_);
  const auto [known, is_first] = files_.try_emplace({target, path}, reading);
  if (is_first) return;
  FileReading& before = known->second;
  reading.changed = before.changed || tells_change(before, reading);
  if (reading.hashed_bytes < before.hashed_bytes || (before.is_whole && !reading.is_whole)) {
    before.changed = reading.changed;
    return;
  }
  if (!reading.size_bytes) reading.size_bytes = before.size_bytes;
  if (!reading.modified_ns) reading.modified_ns = before.modified_ns;
  before = std::move(reading);
}

ReadRecord::Files ReadRecord::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

std::unique_ptr<ByteSource> recorded(std::unique_ptr<ByteSource> source, std::shared_ptr<ReadRecord> record,
                                     std::size_t target, std::string path, std::optional<std::int64_t> modified_ns) {
  FileReading reading{.size_bytes = source->size_bytes(), .modified_ns = modified_ns, .sha256 = {}};
  const bool reads_ahead = formats::core::read_ahead_of(*source) != nullptr;
  if (reads_ahead)
    return std::make_unique<RecordedFarFile>(std::move(source), std::move(record), target, std::move(path),
                                             std::move(reading));
  return std::make_unique<RecordedFile>(std::move(source), std::move(record), target, std::move(path),
                                        std::move(reading));
}

}  // namespace cbtctl::storage
