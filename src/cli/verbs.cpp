#include "cli/verb.h"

#include <array>

#include "repair/objections.h"

namespace cbtctl::cli {
namespace {

void tell_blocked(const model::Datastore& datastore, std::vector<analysis::Finding>& findings) {
  if (findings.empty()) return;  // a look at a healthy datastore pays for no index
  const repair::Users users(datastore);
  for (analysis::Finding& finding : findings) {
    for (const repair::Reason reason : repair::reasons_against(users, finding))
      finding.blocked_by.emplace_back(name_of(reason));
  }
}

constexpr std::array all{
    Verb{"scan", "TARGET...", "every VM and disk with its CBT state and the reason", run_scan},
    Verb{"check", "TARGET...", "what is wrong, the evidence and the remedy", run_check, tell_blocked},
    Verb{"enable", "TARGET...", "CBT on, on powered-off VMs", run_change},
    Verb{"disable", "TARGET...", "CBT off, on powered-off VMs", run_change},
    Verb{"reset", "TARGET...", "CBT restarted, on powered-off VMs: the next backup is a full one", run_change},
    Verb{"clean", "TARGET...", "orphaned and left-over CTK files into quarantine", run_change},
    Verb{"repair", "TARGET...", "the safe fixes of findings, and choices that are named", run_change},
    Verb{"apply", "PLAN", "carries out a plan that a verb above wrote with --plan-out", run_apply},
    Verb{"undo", "[RUN]", "takes a run back, as long as the VM has not run since", run_undo},
    Verb{"history", "[RUN]", "the runs, or one step by step", run_history},
    Verb{"purge", "TARGET...", "empties the quarantine for good", run_purge},
    Verb{"explain", "[CODE]", "meaning, consequence and remedy of a finding", run_explain},
    Verb{"compare", "OLD NEW", "two scan --json files: what came, went, restarted or went backwards", run_compare},
    Verb{"show", "FILE...", "decodes one file of any kind, recognised by content", run_show},
    Verb{"ctk show", "FILE...", "what a CTK file holds: header, epoch, change id, totals", run_ctk_show},
    Verb{"ctk blocks", "FILE --since ID", "the changed extents since a change id, an epoch, or '*'", run_ctk_blocks},
    Verb{"ctk map", "FILE", "where on the disk, and when: a picture in the terminal, or SVG and PNG with -o",
         run_ctk_map},
    Verb{"ctk diff", "OLD NEW", "what changed between two copies of one CTK file", run_ctk_diff},
    Verb{"ctk verify", "--delta DELTA CTK | --images OLD NEW CTK --since ID", "whether a CTK file misses writes",
         run_ctk_verify},
    Verb{"chain", "FILE|VM...", "the snapshot chain as a tree: CIDs, capacities, CTK per link", run_chain},
    Verb{"extents", "FILE|VM...", "the allocation map of a disk: offset, length, data or zero, link", run_extents},
    Verb{"export", "FILE OUT", "a chain, at any link, as one sparse raw image", run_export},
};

}  // namespace

std::span<const Verb> verbs() { return all; }

}  // namespace cbtctl::cli
