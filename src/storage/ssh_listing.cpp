#include "storage/ssh_listing.h"

#include <algorithm>
#include <utility>

#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "storage/ssh_script.h"

namespace cbtctl::storage {
namespace {

using formats::core::file_name;
using formats::core::is_inside;
using formats::core::join;
using formats::core::parent_of;
using formats::core::success;

constexpr std::size_t most_folders_per_call = 128;
constexpr std::size_t max_complaints_placed = 1000;  // each is held against every folder

Error broken_listing(const char* what) {
  return {ErrorKind::malformed, std::string("the host's listing cannot be understood: ") + what};
}

Error error_of_word(std::string_view word) {
  if (word == "denied") return error_of_words("Permission denied");
  if (word == "link" || word == "outside") return error_of_words("symbolic links");
  return error_of_words("No such file");
}

// The scripts walk past them (ssh_script.h).
bool is_pruned(std::string_view name) {
  return name == ".cbtctl" || name.ends_with(".sf") || formats::vmware::is_filer_folder(name);
}

struct Complaint {
  std::size_t begun = 0;  // how many folders were begun before it
  std::string line;
};

// Without the lines that tell no more than that a file went while its folder was read.
std::vector<Complaint> complaints_of(std::string_view errors, const std::string& token) {
  std::vector<Complaint> kept;
  std::size_t begun = 0;
  while (!errors.empty()) {
    const std::size_t end = std::min(errors.find('\n'), errors.size());
    const std::string_view line = errors.substr(0, end);
    errors.remove_prefix(std::min(end + 1, errors.size()));
    if (line == token + " l") {
      ++begun;
    } else if (!line.empty() && line.find("No such file") == std::string_view::npos) {
      kept.push_back({begun, std::string(line)});
    }
  }
  return kept;
}

std::string last_part(const std::string& complaint) {
  const std::size_t colon = complaint.rfind(": ");
  return colon == std::string::npos ? complaint : complaint.substr(colon + 2);
}

void add_folder(const std::string& folder, bool goes_on, std::vector<std::string>& arguments) {
  arguments.emplace_back(goes_on ? "2" : "1");
  arguments.push_back(folder);
}

}  // namespace

// The records of one run, in the order of the folders asked for.
struct SshListings::Walk {
  const std::vector<Asked>& asked;
  const std::string& token;
  Folders& listed;
  ListingBudget& budget;
  std::size_t begun = 0;  // folders whose "l" has come
  std::string last_folder;
  Listing* last = nullptr;

  [[nodiscard]] const ListRequest& current() const { return asked[begun - 1].request; }

  Listing* listing_of(const std::string& folder) {
    if (last != nullptr && folder == last_folder) return last;
    auto& answer = listed.try_emplace(folder, Answer{Listing{}}).first->second;
    if (!answer) return nullptr;
    last_folder = folder;
    return last = &std::get<Listing>(*answer);
  }

  Status take(const Record& record) {
    const Status may_be = budget.take_bytes(token.size() + record.payload.size());
    if (!may_be) return may_be;
    if (record.kind.empty())
      return record.payload.empty() ? success() : Status(broken_listing("words before the first record"));
    if (record.kind == "l") {
      if (begun++ == asked.size()) return broken_listing("more folders than were asked for");
      last = nullptr;
      listed.insert_or_assign(current().folder, Answer{Listing{}});
      return success();
    }
    if (begun == 0) return broken_listing("no folder begins it");
    if (record.kind == "e") {
      listed.insert_or_assign(current().folder, error_of_word(record.payload));
      return success();
    }
    return record.kind == "s" ? take_entry(record.payload) : Status(broken_listing("an unknown record"));
  }

  Status take_entry(std::string_view payload) {
    auto found = parse_status(payload, token);
    if (!found) return broken_listing("no status");
    if (found->name == ".") return success();
    if (!found->name.starts_with("./") || !is_inside(found->name)) return broken_listing("a name that leads out");
    const std::string_view relative = std::string_view(found->name).substr(2);
    const std::string folder = join(current().folder, parent_of(relative));
    const Status may_be = budget.take_entry(folder, file_name(relative));
    if (!may_be) return may_be;
    Entry entry{.name = std::string(file_name(relative)),
                .type = found->status.type,
                .link_target = std::move(found->link_target)};
    entry.size_bytes = found->status.size_bytes;
    if (entry.type == EntryType::folder && current().goes_on && !is_pruned(entry.name)) {
      listed.insert_or_assign(join(folder, entry.name), Answer{Listing{}});
      last = nullptr;
    }
    Listing* listing = listing_of(folder);
    if (listing == nullptr) return broken_listing("entries of a folder that cannot be listed");
    listing->entries.push_back(std::move(entry));
    return success();
  }
};

Command listing_command(const std::string& folder, bool goes_on) {
  Command command{.script = list_script, .arguments = {}};
  add_folder(folder, goes_on, command.arguments);
  return command;
}

Status SshListings::look(const std::vector<Asked>& asked) {
  std::vector<std::string> arguments;
  for (const Asked& each : asked) {
    add_folder(each.request.folder, each.request.goes_on, arguments);
    std::erase_if(listed_, [&](const auto& old) {
      return old.first == each.request.folder || each.request.folder.empty() ||
             old.first.starts_with(each.request.folder + "/");
    });
  }
  Walk walk{.asked = asked, .token = shell_->token(), .listed = listed_, .budget = *budget_, .last_folder = {}};
  const std::size_t at_once = SshShell::most_of(arguments, most_folders_per_call) & ~std::size_t{1};
  const auto ended = shell_->run(list_script, arguments, std::max<std::size_t>(at_once, 2),
                                 [&](const Record& record) { return walk.take(record); });
  if (!ended) return ended.error();
  if (walk.begun != asked.size()) return broken_listing("it ends too early");
  const auto complaints = complaints_of(ended->errors, shell_->token());
  if (complaints.empty()) return success();
  const Status explained = explain_empty();
  if (!explained) return explained.error();
  for (std::size_t i = 0; i < complaints.size(); ++i) {
    const Complaint& complaint = complaints[i];
    if (complaint.begun > asked.size()) return broken_listing("complaints about more folders than were asked for");
    const std::string& folder = asked[std::max<std::size_t>(complaint.begun, 1) - 1].request.folder;
    i < max_complaints_placed ? place_complaint(complaint.line, folder) : add_complaint(complaint.line, folder);
  }
  return success();
}

// Something could not be read: a folder that shows nothing may be the one.
Status SshListings::explain_empty() {
  std::vector<std::string> empty;
  for (const auto& [folder, answer] : listed_) {
    if (answer && std::get<Listing>(*answer).entries.empty()) empty.push_back("./" + folder);
  }
  if (empty.empty()) return success();
  std::size_t next = 0;
  const auto take = [&](const Record& record) -> Status {
    if (record.kind.empty()) return success();
    if (record.kind != "p" || next == empty.size()) return broken_listing("an unknown record");
    const std::string folder = empty[next++].substr(2);
    if (!record.payload.empty()) listed_.insert_or_assign(folder, error_of_words(record.payload));
    return success();
  };
  const auto ended = shell_->run(probe_folders_script, empty, SshShell::most_of(empty, most_folders_per_call), take);
  return ended ? success() : Status(ended.error());
}

// What is not explained by a folder that cannot be read makes the deepest folder that it names incomplete, else the
// one that was asked for: nothing is lost in silence. Names in it are relative to that one.
void SshListings::place_complaint(const std::string& complaint, const std::string& asked) {
  const std::string* deepest = &asked;
  for (const auto& [folder, answer] : listed_) {
    if (!folder.starts_with(asked.empty() ? "" : asked + "/")) continue;
    const std::string relative = asked.empty() ? folder : folder.substr(asked.size() + 1);
    const bool named = !relative.empty() && complaint.find("./" + relative) != std::string::npos;
    if (named && !answer) return;
    if (named && folder.size() > deepest->size()) deepest = &folder;
  }
  add_complaint(complaint, *deepest);
}

void SshListings::add_complaint(const std::string& complaint, const std::string& folder) {
  const auto found = listed_.find(folder);
  if (found == listed_.end() || !found->second) return;
  std::get<Listing>(*found->second).incomplete = error_of_words(last_part(complaint));
}

Result<std::vector<Reply>> SshListings::list(std::vector<Asked> asked) {
  std::vector<Reply> replies;
  std::vector<Asked> unknown;
  const auto by_name = [](Result<Answer>& answer) -> Result<Answer>&& {
    if (answer) std::get<Listing>(*answer).sort();
    return std::move(answer);
  };
  for (Asked& each : asked) {
    const auto known = listed_.find(each.request.folder);
    if (!is_inside(each.request.folder)) {
      replies.push_back({each.tag, Error{ErrorKind::outside, "leads out of the target"}});
    } else if (known != listed_.end()) {
      replies.push_back({each.tag, by_name(known->second)});
      listed_.erase(known);
    } else {
      unknown.push_back(std::move(each));
    }
  }
  if (unknown.empty()) return replies;
  const Status looked = look(unknown);
  if (!looked) return looked.error();
  std::unordered_map<std::string, std::size_t> answered;  // the place of its reply, for a folder asked for twice
  for (const Asked& each : unknown) {
    const auto [first, is_new] = answered.try_emplace(each.request.folder, replies.size());
    const auto found = listed_.find(each.request.folder);
    replies.push_back({each.tag, is_new ? by_name(found->second) : replies[first->second].answer});
    if (is_new) listed_.erase(found);
  }
  return replies;
}

}  // namespace cbtctl::storage
