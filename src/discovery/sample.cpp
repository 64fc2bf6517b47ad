#include "discovery/sample.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "discovery/names.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {

using formats::core::file_name;
using formats::core::join;
using formats::core::parent_of;
using formats::core::Result;
using storage::Entry;
using storage::EntryType;
using storage::FileStatus;

// All places answer at the same time.
std::vector<Result<storage::Answer>> ask_all(const std::vector<Place>& places, const std::vector<Question>& questions) {
  std::vector<Result<storage::Answer>> answers(questions.size(), formats::core::Error{});
  std::map<std::size_t, std::vector<storage::Submission>> by_place;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    by_place[questions[i].place].push_back({i, questions[i].request});
  }
  for (auto& [place, submissions] : by_place) places[place].reader->submit(std::move(submissions));
  for (const auto& [place, submissions] : by_place) {
    storage::Reader& reader = *places[place].reader;
    for (auto replies = reader.collect(); !replies.empty(); replies = reader.collect()) {
      for (storage::Reply& reply : replies) answers[reply.tag] = std::move(reply.answer);
    }
  }
  return answers;
}

namespace {

constexpr std::size_t max_folders = 256;  // of a sample
constexpr std::size_t max_files = 1024;

class Sampling {
 public:
  Sampling(const std::vector<Place>& places, const std::set<Side>& sides) : places_(&places) {
    for (const Side& side : sides) walks_.push_back({.side = side, .sample = {}, .folders = {""}});
  }

  // The names in the folder itself.
  void take_tops() { list_wave(); }

  // The folders below it too, and what each file is.
  void take_all() {
    while (list_wave()) continue;
    take_status();
  }

  [[nodiscard]] Samples samples() && {
    Samples samples;
    for (Walk& walk : walks_) samples.emplace(std::move(walk.side), std::move(walk.sample));
    return samples;
  }

 private:
  struct Walk {
    Side side;
    Sample sample;
    std::vector<std::string> folders;
    std::size_t listed = 0;  // of the folders
  };

  bool list_wave() {
    std::vector<Question> questions;
    std::vector<std::pair<Walk*, std::string>> asked;
    for (Walk& walk : walks_) {
      const std::size_t end = std::min(walk.folders.size(), max_folders);
      for (; walk.listed < end; ++walk.listed) {
        asked.emplace_back(&walk, walk.folders[walk.listed]);
        questions.push_back({walk.side.place, storage::ListRequest{join(walk.side.path, asked.back().second)}});
      }
    }
    const auto answers = ask_all(*places_, questions);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto& [walk, folder] = asked[i];
      const auto* listing = answers[i] ? std::get_if<storage::Listing>(&*answers[i]) : nullptr;
      if (listing == nullptr || listing->incomplete) {
        walk->sample[folder] = {};
      } else {
        add(*walk, folder, listing->entries);
      }
    }
    return !answers.empty();
  }

  static void add(Walk& walk, const std::string& folder, const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      const bool is_walked =
          entry.name != ".cbtctl" && !entry.name.ends_with(".sf") && !formats::vmware::is_filer_folder(entry.name);
      const bool is_told = entry.type == EntryType::folder
                               ? is_walked
                               : entry.type == EntryType::file && hint_of(entry.name) != NameHint::other;
      if (!is_told) continue;
      const std::string path = join(folder, entry.name);
      walk.sample[path] = {.type = entry.type, .status = {}};
      if (entry.type == EntryType::folder) walk.folders.push_back(path);
    }
  }

  void take_status() {
    std::vector<Question> questions;
    std::vector<Seen*> asked;
    for (Walk& walk : walks_) {
      std::size_t files = 0;
      for (auto& [path, seen] : walk.sample) {
        if (seen.type != EntryType::file || files++ >= max_files) continue;
        questions.push_back({walk.side.place, storage::StatusRequest{join(walk.side.path, path)}});
        asked.push_back(&seen);
      }
    }
    const auto answers = ask_all(*places_, questions);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto* status = answers[i] ? std::get_if<FileStatus>(&*answers[i]) : nullptr;
      *asked[i] = status != nullptr ? Seen{status->type, *status} : Seen{};
    }
  }

  const std::vector<Place>* places_;
  std::vector<Walk> walks_;
};

// A host tells whole seconds.
bool is_same_time(std::int64_t a_ns, std::int64_t b_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  return a_ns == b_ns || (a_ns / second_ns == b_ns / second_ns && (a_ns % second_ns == 0 || b_ns % second_ns == 0));
}

bool is_text(NameHint hint) {
  return hint == NameHint::configuration || hint == NameHint::snapshot_list || hint == NameHint::disk;
}

// Disk data grows while its machine runs, and the times of all but the texts move.
Likeness compare_files(const std::string& path, const FileStatus& a, const FileStatus& b) {
  const NameHint hint = hint_of(file_name(path));
  const bool grows = hint == NameHint::disk_data;
  if (!grows && a.size_bytes != b.size_bytes) return Likeness::different;
  if (is_text(hint) && !is_same_time(a.modified_ns, b.modified_ns)) return Likeness::different;
  if (!a.inode || !b.inode) return Likeness::inodes_unknown;
  const bool is_one = a.inode == b.inode && (!is_text(hint) || is_same_time(a.changed_ns, b.changed_ns));
  return is_one ? Likeness::one : Likeness::alike;
}

// Without what one of the two could not read, and all below it.
Sample readable(Sample sample, const Sample& other) {
  std::set<std::string_view> unread;
  for (const Sample* each : {&std::as_const(sample), &other}) {
    for (const auto& [path, seen] : *each) {
      if (seen.type == EntryType::other) unread.insert(path);
    }
  }
  if (unread.empty()) return sample;
  Sample kept;
  for (const auto& [path, seen] : sample) {
    std::string_view at = path;
    while (!at.empty() && !unread.contains(at)) at = parent_of(at);
    if (at.empty() && !unread.contains("")) kept.emplace(path, seen);
  }
  return kept;
}

}  // namespace

Samples sample_tops(const std::vector<Place>& places, const std::set<Side>& sides) {
  Sampling sampling(places, sides);
  sampling.take_tops();
  return std::move(sampling).samples();
}

Samples sample_all(const std::vector<Place>& places, const std::set<Side>& sides) {
  Sampling sampling(places, sides);
  sampling.take_all();
  return std::move(sampling).samples();
}

// Of several files, the least that one of them allows. Without any file two samples are no more than alike.
Likeness compare(const Sample& first, const Sample& second) {
  const Sample a = readable(first, second);
  const Sample b = readable(second, first);
  const auto is_same_name = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.type == y.second.type;
  };
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), is_same_name)) return Likeness::different;
  Likeness likeness = Likeness::one;
  bool has_file = false;
  for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y) {
    if (!x->second.status || !y->second.status) continue;
    has_file = true;
    likeness = std::min(likeness, compare_files(x->first, *x->second.status, *y->second.status));
  }
  return has_file ? likeness : std::min(likeness, Likeness::alike);
}

}  // namespace cbtctl::discovery
