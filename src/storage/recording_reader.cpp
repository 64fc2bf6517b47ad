#include "storage/recording_reader.h"

#include <map>
#include <utility>

#include "formats/core/sha256.h"

namespace cbtctl::storage {
namespace {

class RecordingReader final : public Reader {
 public:
  RecordingReader(std::shared_ptr<Reader> reader, std::shared_ptr<ReadRecord> record, std::size_t target,
                  std::string prefix)
      : reader_(std::move(reader)), record_(std::move(record)), target_(target), prefix_(std::move(prefix)) {}

  void submit(std::vector<Submission> submissions) override {
    for (Submission& submission : submissions) submission = plain(std::move(submission));
    reader_->submit(std::move(submissions));
  }

  std::vector<Reply> collect() override {
    if (!ready_.empty()) return std::exchange(ready_, {});
    return received();
  }

  std::optional<Error> failure() override { return reader_->failure(); }

  Result<std::unique_ptr<ByteSource>> open(const std::string& path) override {
    auto source = reader_->open(path);
    if (!source) return source;
    const auto status = status_of(path);
    record_->add(target_, prefix_ + path,
                 {.size_bytes = (*source)->size_bytes(),
                  .modified_ns = status ? std::optional(status->modified_ns) : std::nullopt,
                  .sha256 = {}});
    return source;
  }

 private:
  struct Asked {
    std::uint64_t tag = 0;  // the caller's
    Request request;
  };

  // The submission that is passed on in the place of the caller's, which is kept until its reply comes.
  Submission plain(Submission submission) {
    Submission passed{next_++, submission.request};
    if (auto* list = std::get_if<ListRequest>(&passed.request)) list->glance = nullptr;
    if (auto* fetch = std::get_if<FetchRequest>(&passed.request)) {
      fetch->decoder = nullptr;
      fetch->with_status = true;
    }
    asked_.emplace(passed.tag, Asked{submission.tag, std::move(submission.request)});
    return passed;
  }

  std::vector<Reply> received() {
    std::vector<Reply> replies = reader_->collect();
    for (Reply& reply : replies) {
      const auto asked = asked_.find(reply.tag);
      if (asked == asked_.end()) continue;
      reply.tag = asked->second.tag;
      const auto* fetch = std::get_if<FetchRequest>(&asked->second.request);
      auto* fetched = reply.answer ? std::get_if<Fetched>(&*reply.answer) : nullptr;
      if (fetch != nullptr && fetched != nullptr) finish(*fetch, *fetched);
      asked_.erase(asked);
    }
    return replies;
  }

  void finish(const FetchRequest& request, Fetched& fetched) {
    if (fetched.whole || !fetched.bytes.empty()) add(request.path, fetched);
    if (!request.with_status) fetched.status.reset();
    fetched.decode(request);
  }

  void add(const std::string& path, const Fetched& fetched) {
    FileReading reading;
    if (fetched.status) {
      reading.size_bytes = fetched.status->size_bytes;
      reading.modified_ns = fetched.status->modified_ns;
    } else if (fetched.whole) {
      reading.size_bytes = fetched.bytes.size();
    }
    formats::core::Sha256 digest;
    digest.add(fetched.bytes);
    reading.sha256 = digest.hex();
    reading.hashed_bytes = fetched.bytes.size();
    reading.is_whole = fetched.whole;
    record_->add(target_, prefix_ + path, std::move(reading));
  }

  // Of the file itself, whatever link leads to it. Other replies that come meanwhile wait for their collect().
  std::optional<FileStatus> status_of(const std::string& path) {
    const std::uint64_t tag = next_++;
    reader_->submit({{tag, FetchRequest{.path = path, .with_status = true, .listed_bytes = {}}}});
    for (std::vector<Reply> replies = received(); !replies.empty(); replies = received()) {
      std::optional<Reply> wanted;
      for (Reply& reply : replies) {
        if (reply.tag == tag)
          wanted = std::move(reply);
        else
          ready_.push_back(std::move(reply));
      }
      if (!wanted) continue;
      const auto* fetched = wanted->answer ? std::get_if<Fetched>(&*wanted->answer) : nullptr;
      return fetched != nullptr ? fetched->status : std::nullopt;
    }
    return std::nullopt;
  }

  std::shared_ptr<Reader> reader_;
  std::shared_ptr<ReadRecord> record_;
  std::size_t target_;
  std::string prefix_;
  std::uint64_t next_ = std::uint64_t{1} << 62;  // above every tag of a caller's, which are indexes
  std::map<std::uint64_t, Asked> asked_;
  std::vector<Reply> ready_;
};

}  // namespace

std::unique_ptr<Reader> open_recording(std::shared_ptr<Reader> reader, std::shared_ptr<ReadRecord> record,
                                       std::size_t target, std::string prefix) {
  return std::make_unique<RecordingReader>(std::move(reader), std::move(record), target, std::move(prefix));
}

}  // namespace cbtctl::storage
