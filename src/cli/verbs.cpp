#include "cli/verb.h"

#include <array>

namespace cbtctl::cli {
namespace {

constexpr std::array all{
    Verb{"scan", "TARGET...", "every VM and disk with its CBT state and the reason", run_scan},
    Verb{"check", "TARGET...", "what is wrong, the evidence and the remedy", run_check},
    Verb{"explain", "[CODE]", "meaning, consequence and remedy of a finding", run_explain},
    Verb{"compare", "OLD NEW", "two scan --json files: what came, went, restarted or went backwards", run_compare},
    Verb{"show", "FILE...", "decodes one file of any kind, recognised by content", run_show},
    Verb{"ctk show", "FILE...", "what a CTK file holds: header, epoch, change id, totals", run_ctk_show},
    Verb{"ctk blocks", "FILE --since ID", "the changed extents since a change id, an epoch, or '*'", run_ctk_blocks},
};

}  // namespace

std::span<const Verb> verbs() { return all; }

}  // namespace cbtctl::cli
