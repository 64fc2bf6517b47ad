// The verbs, one file each; the array is the program's table of contents.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cbtctl::model {
struct Datastore;
}
namespace cbtctl::analysis {
struct Finding;
}

namespace cbtctl::cli {

// Fills in why the fix of each finding would be refused now: the planner's answer, which a verb that reads does not
// link itself.
using TellBlocked = void (*)(const model::Datastore& datastore, std::vector<analysis::Finding>& findings);

struct Verb {
  std::string_view name;      // "scan", "ctk show"
  std::string_view synopsis;  // what follows the name
  std::string_view summary;   // one line
  int (*run)(const Verb& verb, const std::vector<std::string>& arguments);
  TellBlocked tell_blocked = nullptr;  // check alone
};

[[nodiscard]] std::span<const Verb> verbs();

int run_scan(const Verb& verb, const std::vector<std::string>& arguments);
int run_apply(const Verb& verb, const std::vector<std::string>& arguments);
int run_change(const Verb& verb, const std::vector<std::string>& arguments);
int run_history(const Verb& verb, const std::vector<std::string>& arguments);
int run_purge(const Verb& verb, const std::vector<std::string>& arguments);
int run_undo(const Verb& verb, const std::vector<std::string>& arguments);
int run_chain(const Verb& verb, const std::vector<std::string>& arguments);
int run_ctk_diff(const Verb& verb, const std::vector<std::string>& arguments);
int run_ctk_map(const Verb& verb, const std::vector<std::string>& arguments);
int run_ctk_verify(const Verb& verb, const std::vector<std::string>& arguments);
int run_export(const Verb& verb, const std::vector<std::string>& arguments);
int run_extents(const Verb& verb, const std::vector<std::string>& arguments);
int run_check(const Verb& verb, const std::vector<std::string>& arguments);
int run_compare(const Verb& verb, const std::vector<std::string>& arguments);
int run_explain(const Verb& verb, const std::vector<std::string>& arguments);
int run_show(const Verb& verb, const std::vector<std::string>& arguments);
int run_ctk_show(const Verb& verb, const std::vector<std::string>& arguments);
int run_ctk_blocks(const Verb& verb, const std::vector<std::string>& arguments);

}  // namespace cbtctl::cli
