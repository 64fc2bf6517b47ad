// The runs, one line a machine; one run step by step; and after a power-on, whether tracking began anew.
#include <algorithm>

#include "cli/exit_status.h"
#include "cli/look.h"
#include "cli/runs.h"
#include "log/log.h"
#include "report/history.h"

namespace cbtctl::cli {
namespace {

formats::core::Result<std::vector<repair::DiskProof>> prove(const repair::RecordedRun& run, const KnownRuns& known,
                                                            const CommandLine& line, int& status) {
  std::vector<repair::DiskProof> proofs;
  auto machines = run.plan->machines;
  const auto opened = places_for(known, machines, line);
  if (!opened) return opened.error();
  const repair::Look look = look_through(opened->places, known.mappings);
  for (const repair::MachinePlan& machine : machines) {
    if (run.is_recorded && run.outcome_of(machine) != repair::Outcome::changed) continue;
    const model::Datastore now = look(machine);
    status |= completeness(now);
    const auto more = repair::prove(machine, now);
    proofs.insert(proofs.end(), more.begin(), more.end());
  }
  return proofs;
}

// Leaves the machines that --vm asks for, and the runs that have some; an exit status where it asks for none.
std::optional<int> select(std::vector<repair::RecordedRun>& runs, const CommandLine& line) {
  std::vector<repair::MachinePlan> machines;
  for (const repair::RecordedRun& run : runs) {
    if (run.plan) machines.insert(machines.end(), run.plan->machines.begin(), run.plan->machines.end());
  }
  const auto selected = selected_of(machines, line);
  if (const int* over = std::get_if<int>(&selected)) return *over;
  std::size_t number = 0;
  const auto is_left_out = [&](const auto&) { return !std::get<std::vector<bool>>(selected)[number++]; };
  for (repair::RecordedRun& run : runs) {
    if (run.plan) std::erase_if(run.plan->machines, is_left_out);
  }
  const bool is_narrowed = line.has("vm") || line.has("vm-file");
  std::erase_if(runs, [&](const auto& run) { return is_narrowed && run.plan && run.plan->machines.empty(); });
  return std::nullopt;
}

}  // namespace

int run_history(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own = target_options();
  own.flag("csv", "a row per machine of a run");
  own.flag("verify", "of one run: whether each disk is now what was promised, by its UUID before and now");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  auto found = find_runs(verb, line);
  if (const int* over = std::get_if<int>(&found)) return *over;
  KnownRuns& known = std::get<KnownRuns>(found);
  const std::string help = "cbtctl history --help";
  if (!known.wanted.empty()) {
    std::erase_if(known.runs, [&](const repair::RecordedRun& run) { return run.id != known.wanted; });
    if (known.runs.empty()) return usage_error("there is no such run; cbtctl history lists them", help);
  }
  if (const auto over = select(known.runs, line)) return *over;
  report::HistoryReport report{.runs = known.runs, .proofs = {}, .exit_status = exit_done};
  if (line.has("verify")) {
    if (known.wanted.empty()) return usage_error("--verify needs a run", help);
    if (!known.runs.empty() && !known.runs.front().plan) {
      const std::string why = known.runs.front().trouble.empty() ? "" : ": " + known.runs.front().trouble;
      log::error("the plan of run " + known.wanted + " cannot be read" + why +
                 "; name a target to read its copy there");
      return exit_incomplete;
    }
    if (known.runs.empty()) return usage_error("--verify needs a run of a selected virtual machine", help);
    auto proofs = prove(known.runs.front(), known, line, report.exit_status);
    if (!proofs) return usage_error(proofs.error().message, help);
    report.proofs = std::move(*proofs);
  }
  const std::string text = line.json               ? report::history_json(report)
                           : line.has("csv")       ? report::history_csv(report)
                           : !known.wanted.empty() ? report::run_text(report, line.style)
                                                   : report::history_text(report, line.style);
  return write_output(text) ? report.exit_status : report.exit_status | exit_incomplete;
}

}  // namespace cbtctl::cli
