// The listed sizes take apart what `head` and `tail` print for many files behind each other. BusyBox's `head -c` goes
// byte by byte and its `tail` does not: a file that is wanted whole is read by the latter.
#include "storage/ssh_known_files.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "formats/core/path.h"
#include "storage/ssh_script.h"

namespace cbtctl::storage {
namespace {

using formats::core::is_inside;

constexpr std::size_t most_known_paths_per_call = 1024;

struct Known {
  std::size_t submission = 0;  // its place
  std::string path;
  std::uint64_t bytes = 0;
  std::size_t head = 0;  // so many of a longer file; 0: it is read whole
};

std::optional<Known> known(const Submission& submission, std::size_t place) {
  const auto* fetch = std::get_if<FetchRequest>(&submission.request);
  if (fetch == nullptr || !fetch->listed_bytes || fetch->with_status || fetch->tail_bytes > 0) return std::nullopt;
  if (fetch->most_bytes == 0 || fetch->most_bytes > most_bytes_per_call || !is_inside(fetch->path)) return std::nullopt;
  const bool is_whole = *fetch->listed_bytes <= fetch->most_bytes;
  return Known{place, "./" + fetch->path, is_whole ? *fetch->listed_bytes : fetch->most_bytes,
               is_whole ? 0 : fetch->most_bytes};
}

// One run: calls of equal length, each about files that are read alike.
class Run {
 public:
  explicit Run(const std::map<std::size_t, std::vector<Known>>& by_head) {
    std::vector<std::string> paths;
    std::uint64_t largest = 1;
    for (const auto& [head, files] : by_head) {
      for (const Known& file : files) {
        paths.push_back(file.path);
        largest = std::max(largest, file.bytes);
      }
    }
    const auto fit =
        std::clamp<std::size_t>(static_cast<std::size_t>(most_bytes_per_call / largest), 1, most_known_paths_per_call);
    const std::size_t step = SshShell::most_of(paths, fit);
    per_call_ = 1 + step;
    for (const auto& [head, files] : by_head) {
      for (std::size_t begin = 0; begin < files.size(); begin += step) {
        arguments_.push_back(std::to_string(head));
        const std::size_t end = std::min(begin + step, files.size());
        for (std::size_t i = begin; i < end; ++i) arguments_.push_back(files[i].path);
        arguments_.resize(arguments_.size() + step - (end - begin), ".");
        calls_.emplace_back(files.begin() + static_cast<std::ptrdiff_t>(begin),
                            files.begin() + static_cast<std::ptrdiff_t>(end));
      }
    }
  }

  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }
  [[nodiscard]] std::size_t per_call() const { return per_call_; }

  // The files of the next call, and their contents where they are as expected.
  using Sink = std::function<void(const Known& file, std::string_view bytes)>;

  Status take(const Record& record, const Sink& sink) {
    if (record.kind != "w") return formats::core::success();
    if (at_ == calls_.size()) return Error{ErrorKind::malformed, "the host answers for more files than it was asked"};
    const std::vector<Known>& call = calls_[at_++];
    std::vector<Frame> frames{{"/dev/null", 0}};
    for (const Known& file : call) frames.push_back({file.path, file.bytes});
    const auto contents = split_frames(record.payload, frames);
    for (std::size_t i = 0; contents && i < call.size(); ++i) {
      if ((*contents)[i + 1]) sink(call[i], *(*contents)[i + 1]);
    }
    return formats::core::success();
  }

 private:
  std::vector<std::string> arguments_;
  std::size_t per_call_ = 0;
  std::vector<std::vector<Known>> calls_;
  std::size_t at_ = 0;  // calls answered
};

Reply reply_of(const Submission& submission, std::string_view text) {
  const auto& request = std::get<FetchRequest>(submission.request);
  const auto bytes = std::as_bytes(std::span(text));
  Fetched fetched;
  fetched.bytes.assign(bytes.begin(), bytes.end());
  fetched.whole = *request.listed_bytes <= request.most_bytes;
  fetched.decode(request);
  return {submission.tag, Answer{std::move(fetched)}};
}

}  // namespace

Status read_known_files(SshShell& shell, std::vector<Submission>& submissions,
                        const std::function<void(std::vector<Reply>)>& replier) {
  std::map<std::size_t, std::vector<Known>> by_head;
  for (std::size_t i = 0; i < submissions.size(); ++i) {
    if (auto file = known(submissions[i], i)) by_head[file->head].push_back(std::move(*file));
  }
  if (by_head.empty()) return formats::core::success();
  std::vector<bool> is_answered(submissions.size(), false);
  Run run(by_head);
  const auto ended = shell.run(known_files_script, run.arguments(), run.per_call(), [&](const Record& record) {
    std::vector<Reply> replies;
    const Status taken = run.take(record, [&](const Known& file, std::string_view bytes) {
      replies.push_back(reply_of(submissions[file.submission], bytes));
      is_answered[file.submission] = true;
    });
    if (!replies.empty()) replier(std::move(replies));
    return taken;
  });
  if (!ended) return ended.error();
  std::vector<Submission> left;
  for (std::size_t i = 0; i < submissions.size(); ++i) {
    if (!is_answered[i]) left.push_back(std::move(submissions[i]));
  }
  submissions = std::move(left);
  return formats::core::success();
}

}  // namespace cbtctl::storage
