#include "tests/support/memory_reader.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "formats/core/path.h"

namespace support {
namespace {

using formats::core::is_inside;
using formats::core::join;
using formats::core::normalise;
using formats::core::parent_of;
using storage::Answer;
using storage::ByteSource;
using storage::EntryType;
using storage::Error;
using storage::ErrorKind;
using storage::Fetched;
using storage::FetchRequest;
using storage::FileStatus;
using storage::Listing;
using storage::ListRequest;
using storage::Reader;
using storage::Reply;
using storage::Result;
using storage::StatusRequest;
using storage::Submission;

class MemoryFile final : public ByteSource {
 public:
  explicit MemoryFile(std::string content) : content_(std::move(content)) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return content_.size(); }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    return formats::core::SpanSource(std::as_bytes(std::span(content_))).read_at(offset_bytes, out);
  }

 private:
  std::string content_;
};

class MemoryReader final : public Reader {
 public:
  explicit MemoryReader(MemoryPlace place) : place_(std::move(place)) {}

  void submit(std::vector<Submission> submissions) override {
    for (Submission& submission : submissions) {
      replies_.push_back(
          {submission.tag, std::visit([this](const auto& request) { return answer(request); }, submission.request)});
    }
  }
  std::vector<Reply> collect() override { return std::exchange(replies_, {}); }
  Result<std::unique_ptr<ByteSource>> open(const std::string& path) override {
    const auto file = find(path);
    if (!file) return file.error();
    return std::unique_ptr<ByteSource>(std::make_unique<MemoryFile>(**file));
  }

 private:
  [[nodiscard]] bool is_folder(const std::string& path) const {
    if (path.empty()) return true;
    const auto inside = [&](const auto& members) {
      const auto next = members.lower_bound(path + "/");
      return next != members.end() && next->first.starts_with(path + "/");
    };
    return inside(place_.files) || inside(place_.links);
  }

  // The content, links followed as far as they stay inside.
  Result<const std::string*> find(std::string path) const {
    constexpr int most_links = 8;
    for (int followed = 0; followed < most_links; ++followed) {
      if (!is_inside(path)) return Error{ErrorKind::outside, "leads out of the target"};
      if (const auto fault = place_.faults.find(path); fault != place_.faults.end()) {
        return Error{fault->second, "a fault that the test asked for"};
      }
      if (const auto file = place_.files.find(path); file != place_.files.end()) return &file->second;
      if (is_folder(path)) return Error{ErrorKind::malformed, "is not a regular file"};
      std::size_t end = path.find('/');
      while (end != std::string::npos && !place_.links.contains(path.substr(0, end))) end = path.find('/', end + 1);
      const auto link = place_.links.find(path.substr(0, end));
      if (link == place_.links.end()) return Error{ErrorKind::missing, "is not there"};
      const std::string target = link->second + path.substr(link->first.size());
      const auto next = target.starts_with('/') ? std::nullopt : normalise(join(parent_of(link->first), target));
      if (!next) return Error{ErrorKind::outside, "is a link that leads out of the target"};
      path = *next;
    }
    return Error{ErrorKind::outside, "is a link that leads out of the target"};
  }

  Result<Answer> answer(const ListRequest& request) const {
    if (!is_inside(request.folder)) return Error{ErrorKind::outside, "leads out of the target"};
    if (const auto fault = place_.faults.find(request.folder); fault != place_.faults.end()) {
      return Error{fault->second, "a fault that the test asked for"};
    }
    if (place_.links.contains(request.folder))
      return Error{ErrorKind::outside, "is a link that leads out of the target"};
    if (!is_folder(request.folder)) return Error{ErrorKind::missing, "is not there"};
    Listing listing;
    std::set<std::string> folders;
    const std::string prefix = request.folder.empty() ? "" : request.folder + "/";
    const auto add = [&](const std::string& path, EntryType type, const std::string& target) {
      if (!path.starts_with(prefix)) return;
      const std::string rest = path.substr(prefix.size());
      const std::size_t slash = rest.find('/');
      if (slash == std::string::npos) {
        listing.entries.push_back({rest, type, target});
      } else if (folders.insert(rest.substr(0, slash)).second) {
        listing.entries.push_back({rest.substr(0, slash), EntryType::folder, {}});
      }
    };
    for (const auto& [path, content] : place_.files) add(path, EntryType::file, {});
    for (const auto& [path, target] : place_.links) add(path, EntryType::link, target);
    listing.sort();
    return listing;
  }

  Result<Answer> answer(const FetchRequest& request) const {
    const auto file = find(request.path);
    if (!file) return file.error();
    const std::string& content = **file;
    Fetched fetched;
    fetched.whole = content.size() <= request.most_bytes;
    const auto bytes = std::as_bytes(std::span(content)).first(std::min(content.size(), request.most_bytes));
    fetched.bytes.assign(bytes.begin(), bytes.end());
    if (request.with_status)
      fetched.status = FileStatus{.size_bytes = content.size(), .allocated_bytes = content.size()};
    if (!fetched.whole) {
      const auto last =
          std::as_bytes(std::span(content)).last(std::min(content.size() - request.most_bytes, request.tail_bytes));
      fetched.tail.assign(last.begin(), last.end());
    }
    fetched.decode(request);
    return fetched;
  }

  Result<Answer> answer(const StatusRequest& request) const {
    if (place_.links.contains(request.path)) return FileStatus{.type = EntryType::link};
    if (is_folder(request.path)) return FileStatus{.type = EntryType::folder};
    const auto file = find(request.path);
    if (!file) return file.error();
    return FileStatus{.size_bytes = (*file)->size(), .allocated_bytes = (*file)->size()};
  }

  MemoryPlace place_;
  std::vector<Reply> replies_;
};

}  // namespace

std::unique_ptr<Reader> open_memory(MemoryPlace place) { return std::make_unique<MemoryReader>(std::move(place)); }

}  // namespace support
