// One run reads files of several sizes. Its arguments come in calls of equal length: what is read of each file ("N,M"),
// then paths, filled up with empty ones, so that every call of the script is about one N and M. `head` prints all
// files of a call behind each other; the lengths that `stat` told a moment before take them apart. Where they do not
// fit, some file has changed meanwhile: the files of that call are read again one by one, which fits whatever they do.
#include "storage/ssh_files.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "formats/core/path.h"
#include "storage/ssh_known_files.h"
#include "storage/ssh_script.h"

namespace cbtctl::storage {
namespace {

using formats::core::is_inside;
using formats::core::join;
using formats::core::normalise;
using formats::core::parent_of;
using formats::core::success;

constexpr std::size_t most_paths_per_call = 1020;
constexpr std::size_t small_bytes = 64 * 1024;  // larger first parts make calls of few files
constexpr unsigned most_links = 8;
constexpr unsigned most_rereadings = 4;

Error broken_answer(const char* what) {
  return {ErrorKind::malformed, std::string("the host's answer cannot be understood: ") + what};
}

// What a path's letter says where there is nothing to read.
std::optional<Error> refusal_of(char letter) {
  if (letter == 'm') return error_of_words("No such file");
  if (letter == 'a') return error_of_words("Permission denied");
  if (letter == 'x') return error_of_words("symbolic links");
  return std::nullopt;
}

}  // namespace

struct SshFiles::Wanted {
  Submission submission;
  std::string path;  // where links led
  unsigned links = 0;
  unsigned readings = 0;

  [[nodiscard]] const FetchRequest* fetch() const { return std::get_if<FetchRequest>(&submission.request); }
  [[nodiscard]] std::size_t most_bytes() const { return fetch() == nullptr ? 0 : fetch()->most_bytes; }
  [[nodiscard]] std::size_t tail_bytes() const { return fetch() == nullptr ? 0 : fetch()->tail_bytes; }
  [[nodiscard]] bool alone() const { return readings > 0; }
};

// One run: packs the arguments, and takes the records apart call by call.
class SshFiles::Round {
 public:
  Round(std::vector<Wanted> wanted, std::string token, const Replier& replier, std::vector<Wanted>& again)
      : token_(std::move(token)), replier_(replier), again_(again) {
    pack(std::move(wanted));
  }

  [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }
  [[nodiscard]] std::size_t per_call() const { return per_call_; }

  Status take(const Record& record) {
    if (record.kind.empty())
      return record.payload.empty() ? success() : Status(broken_answer("words before the first record"));
    if (record.kind == "k") return begin_call(record.payload);
    if (at_ == 0) return broken_answer("no call begins it");
    if (record.kind == "h") head_ = record.payload;
    if (record.kind == "t") tail_ = record.payload;
    if (record.kind != "s") return success();
    auto status = parse_status(record.payload, token_);
    if (!status) return broken_answer("no status");
    if (statuses_.size() == calls_[at_ - 1].size()) return broken_answer("more statuses than paths");
    statuses_.push_back(std::move(*status));
    return success();
  }

  Status finish(const std::string& errors) {
    finish_call();
    if (at_ != calls_.size()) return broken_answer("it ends too early");
    std::vector<Reply> replies;
    for (Wanted& wanted : unread_) {
      const auto complaint = complaint_about(errors, "./" + wanted.path);
      if (complaint) {
        replies.push_back({wanted.submission.tag, *complaint});
      } else {
        read_again(std::move(wanted));
      }
    }
    replier_(std::move(replies));
    return success();
  }

 private:
  using Kind = std::tuple<std::size_t, std::size_t, bool>;  // most bytes, tail bytes, alone

  void pack(std::vector<Wanted> wanted) {
    std::vector<std::string> paths;
    std::size_t largest = 1;
    for (const Wanted& each : wanted) {
      paths.push_back("./" + each.path);
      largest = std::max(largest, each.most_bytes() + each.tail_bytes());
    }
    const std::size_t fit = std::clamp<std::size_t>(most_bytes_per_call / largest, 1, most_paths_per_call);
    per_call_ = 1 + SshShell::most_of(paths, fit);
    std::map<Kind, std::vector<Wanted>> kinds;
    for (Wanted& each : wanted) {
      kinds[{each.most_bytes(), each.tail_bytes(), each.alone()}].push_back(std::move(each));
    }
    for (auto& [kind, members] : kinds) {
      const std::size_t step = std::get<bool>(kind) ? 1 : per_call_ - 1;
      for (std::size_t begin = 0; begin < members.size(); begin += step) {
        pack_call(members, begin, std::min(step, members.size() - begin));
      }
    }
  }

  void pack_call(std::vector<Wanted>& members, std::size_t begin, std::size_t count) {
    const Wanted& first = members[begin];
    arguments_.push_back(std::to_string(first.most_bytes()) + "," + std::to_string(first.tail_bytes()));
    std::vector<Wanted> call;
    for (std::size_t i = begin; i < begin + count; ++i) {
      arguments_.push_back("./" + members[i].path);
      call.push_back(std::move(members[i]));
    }
    arguments_.resize(arguments_.size() + per_call_ - 1 - count);
    calls_.push_back(std::move(call));
  }

  Status begin_call(std::string_view letters) {
    finish_call();
    if (at_++ == calls_.size()) return broken_answer("more calls than were made");
    if (letters.size() != per_call_ - 1 || letters.find_first_not_of("fldomax-") != std::string_view::npos) {
      return broken_answer("a letter for each path is missing");
    }
    letters_ = letters;
    return success();
  }

  void finish_call() {
    if (at_ == 0 || letters_.empty()) return;
    std::vector<Wanted>& call = calls_[at_ - 1];
    match_statuses(call);
    const auto heads = contents(call, head_, [](const Wanted& wanted) { return wanted.most_bytes(); });
    const auto tails = contents(call, tail_, [](const Wanted& wanted) { return wanted.tail_bytes(); });
    std::vector<Reply> replies;
    for (std::size_t i = 0; i < call.size(); ++i) answer(call[i], i, heads, tails, replies);
    if (!replies.empty()) replier_(std::move(replies));
    call = {};
    statuses_.clear();
    letters_.clear();
    head_.clear();
    tail_.clear();
  }

  // They come in the order of the paths; one that went in between has none.
  void match_statuses(const std::vector<Wanted>& call) {
    matched_.assign(call.size(), nullptr);
    std::size_t next = 0;
    for (std::size_t i = 0; i < call.size() && next < statuses_.size(); ++i) {
      if (statuses_[next].name == "./" + call[i].path) matched_[i] = &statuses_[next++];
    }
  }

  using Contents = std::vector<std::optional<std::string_view>>;  // by place in the call

  template <typename Length>
  [[nodiscard]] std::optional<Contents> contents(const std::vector<Wanted>& call, std::string_view text,
                                                 Length most) const {
    std::vector<Frame> frames;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < call.size(); ++i) {
      if (letters_[i] != 'f' || most(call[i]) == 0) continue;
      const std::uint64_t size = matched_[i] == nullptr ? 0 : matched_[i]->status.size_bytes;
      frames.push_back({"./" + call[i].path, std::min<std::uint64_t>(size, most(call[i]))});
      places.push_back(i);
    }
    Contents out(call.size());
    if (frames.empty()) return out;
    const auto split = split_frames(text, frames);
    if (!split) return std::nullopt;
    for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = (*split)[i];
    return out;
  }

  void answer(Wanted& wanted, std::size_t place, const std::optional<Contents>& heads,
              const std::optional<Contents>& tails, std::vector<Reply>& replies) {
    const std::uint64_t tag = wanted.submission.tag;
    if (auto refused = refusal_of(letters_[place])) return replies.push_back({tag, std::move(*refused)});
    const NamedStatus* status = matched_[place];
    if (status == nullptr) return read_again(std::move(wanted));
    if (wanted.fetch() == nullptr) {
      replies.push_back({tag, Answer{status->status}});
    } else if (letters_[place] == 'l') {
      follow(std::move(wanted), status->link_target, replies);
    } else if (letters_[place] != 'f') {
      replies.push_back({tag, error_of_words("Is a directory")});
    } else if (!heads || !tails) {
      read_again(std::move(wanted));
    } else if (wanted.most_bytes() > 0 && !(*heads)[place]) {
      unread_.push_back(std::move(wanted));
    } else {
      give(std::move(wanted), status->status, (*heads)[place].value_or(""), (*tails)[place].value_or(""), replies);
    }
  }

  void give(Wanted wanted, const FileStatus& status, std::string_view head, std::string_view tail,
            std::vector<Reply>& replies) {
    const FetchRequest& request = *wanted.fetch();
    const std::uint64_t size = status.size_bytes;
    if (head.size() != std::min<std::uint64_t>(size, request.most_bytes) ||
        tail.size() != std::min<std::uint64_t>(size, request.tail_bytes)) {
      return read_again(std::move(wanted));
    }
    const auto bytes_of = [](std::string_view text) {
      const auto bytes = std::as_bytes(std::span(text));
      return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    Fetched fetched;
    fetched.bytes = bytes_of(head);
    fetched.whole = size <= request.most_bytes;
    fetched.status = status;
    if (!fetched.whole) {
      const std::uint64_t beyond = std::min<std::uint64_t>(size - request.most_bytes, request.tail_bytes);
      fetched.tail = bytes_of(tail.substr(tail.size() - static_cast<std::size_t>(beyond)));
    }
    fetched.decode(request);
    replies.push_back({wanted.submission.tag, Answer{std::move(fetched)}});
  }

  void follow(Wanted wanted, const std::string& target, std::vector<Reply>& replies) {
    const auto next =
        target.empty() || target.starts_with('/') ? std::nullopt : normalise(join(parent_of(wanted.path), target));
    const bool is_end = !next || ++wanted.links > most_links;
    if (is_end) return replies.push_back({wanted.submission.tag, error_of_words("symbolic links")});
    wanted.path = *next;
    again_.push_back(std::move(wanted));
  }

  void read_again(Wanted wanted) {
    if (++wanted.readings < most_rereadings) {
      again_.push_back(std::move(wanted));
      return;
    }
    replier_({{wanted.submission.tag, Error{ErrorKind::changed, "changed each time it was read"}}});
  }

  std::string token_;
  const Replier& replier_;
  std::vector<Wanted>& again_;
  std::vector<std::string> arguments_;
  std::size_t per_call_ = 2;
  std::vector<std::vector<Wanted>> calls_;
  std::vector<Wanted> unread_;  // no byte came: standard error may say why
  std::size_t at_ = 0;          // calls begun
  std::string letters_;
  std::vector<NamedStatus> statuses_;
  std::vector<const NamedStatus*> matched_;
  std::string head_;
  std::string tail_;
};

Status SshFiles::run(std::vector<Wanted> wanted, std::vector<Wanted>& again, const Replier& replier) {
  if (wanted.empty()) return success();
  Round round(std::move(wanted), shell_->token(), replier, again);
  const auto ended = shell_->run(fetch_script, round.arguments(), round.per_call(),
                                 [&](const Record& record) { return round.take(record); });
  if (!ended) return ended.error();
  return round.finish(ended->errors);
}

Status SshFiles::read(std::vector<Submission> submissions, const Replier& replier) {
  if (const Status known = read_known_files(*shell_, submissions, replier); !known) return known.error();
  std::vector<Wanted> wanted;
  std::vector<Reply> refused;
  for (Submission& submission : submissions) {
    std::string path = path_of(submission.request);
    if (is_inside(path)) {
      wanted.push_back({.submission = std::move(submission), .path = std::move(path)});
    } else {
      refused.push_back({submission.tag, Error{ErrorKind::outside, "leads out of the target"}});
    }
  }
  if (!refused.empty()) replier(std::move(refused));
  while (!wanted.empty()) {
    const auto large = std::stable_partition(wanted.begin(), wanted.end(),
                                             [](const Wanted& each) { return each.most_bytes() <= small_bytes; });
    std::vector<Wanted> again;
    std::vector<Wanted> rest(std::make_move_iterator(large), std::make_move_iterator(wanted.end()));
    wanted.erase(large, wanted.end());
    for (auto* part : {&wanted, &rest}) {
      const Status done = run(std::move(*part), again, replier);
      if (!done) return done.error();
    }
    wanted = std::move(again);
  }
  return success();
}

}  // namespace cbtctl::storage
