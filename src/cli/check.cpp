#include "report/check.h"

#include <algorithm>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "analysis/cbt_state.h"
#include "cli/exit_status.h"
#include "cli/finding_filter.h"
#include "cli/recheck.h"
#include "cli/targets.h"
#include "cli/text_file.h"

namespace cbtctl::cli {
namespace {

using analysis::Finding;
using analysis::Findings;

Options check_options() {
  Options own = target_options();
  add_provenance_option(own);
  own.flag("deep", "also read the tables of CTK files and of sparse extents");
  own.text("fail-on", "note, warning, error, critical or none: what makes the exit status 4", "warning");
  own.flag("detailed-exitcode", "add 1 to the exit status when changes were made (check makes none)");
  own.texts("only", "only findings of this code");
  own.texts("except", "no findings of this code");
  own.text("baseline", "an earlier check --json: tell only what is new, and what has gone");
  own.flag("csv", "a row per finding");
  own.text("format", "text or nagios", "text");
  return own;
}

// A configuration counts as one, since nobody knows its disks.
std::size_t unreadable_of(const Scanned& scanned, const model::VirtualMachine& machine) {
  if (!scanned.selection.has(machine)) return 0;
  if (machine.unreadable) return 1;
  return static_cast<std::size_t>(
      std::count_if(machine.disks.begin(), machine.disks.end(), [&](const model::Disk& disk) {
        return scanned.selection.has_slot(disk.settings.slot) &&
               analysis::judge(scanned.datastore, machine, disk).state == analysis::CbtState::unreadable;
      }));
}

report::CheckReport report_on(const Scanned& scanned, const Findings& findings) {
  report::CheckReport report{
      .datastore = scanned.datastore, .findings = findings, .baseline = {}, .unmatched = scanned.selection.unmatched};
  report.doubted = std::any_of(findings.found.begin(), findings.found.end(), [](const Finding& finding) {
    return finding.code == analysis::Code::ctk_format_doubted;
  });
  for (const model::VirtualMachine& machine : scanned.datastore.virtual_machines) {
    if (!scanned.selection.has(machine)) continue;
    ++report.machines;
    report.disks += static_cast<std::size_t>(
        std::count_if(machine.disks.begin(), machine.disks.end(),
                      [&](const model::Disk& disk) { return scanned.selection.has_slot(disk.settings.slot); }));
  }
  return report;
}

formats::core::Result<std::optional<report::Baseline>> baseline_of(const CommandLine& line) {
  if (!line.has("baseline")) return std::optional<report::Baseline>();
  const std::string path = line.text("baseline");
  const auto text = read_text_file(path);
  if (!text) return text.error();
  auto baseline = report::parse_baseline(path, *text);
  if (!baseline) return baseline.error();
  return std::optional(std::move(*baseline));
}

// The plug-in's status, and its line, where there is no report.
int end_plugin(int status) {
  if (!has_written_output()) write_output(report::check_nagios_unknown());
  return status == exit_done ? exit_done : 3;
}

}  // namespace

namespace {

int check(const Verb& verb, const CommandLine& line) {
  const auto wrong = [](const std::string& message) { return usage_error(message, "cbtctl check --help"); };
  const auto threshold = threshold_of(line.text("fail-on"));
  if (!threshold) return wrong("--fail-on takes note, warning, error, critical or none");
  const std::string format = line.text("format");
  if (format != "text" && format != "nagios") return wrong("--format takes text or nagios");
  const FindingFilter filter(line);
  if (const auto code = filter.unknown_code()) return wrong("there is no finding code '" + *code + "'");
  auto baseline = baseline_of(line);
  if (!baseline) return wrong(baseline.error().message);

  auto found = discover_targets(verb, line, true);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Scanned& scanned = std::get<Scanned>(found);
  const bool deep = line.has("deep");
  Findings findings = look(scanned, deep);
  report::CheckReport report = report_on(scanned, findings);
  filter.apply(scanned, findings);
  recheck(scanned, deep, filter, findings);
  if (report.doubted) std::ranges::for_each(findings.found, analysis::take_fix_in_doubt);
  if (verb.tell_blocked != nullptr) verb.tell_blocked(scanned.datastore, findings.found);
  report.baseline = std::move(*baseline);
  if (report.baseline) {
    keep_new(*report.baseline, scanned.datastore.targets, findings.found,
             [&](const auto& known) { return filter.looks_for(scanned, known); });
  }

  report.exit_status = completeness(scanned.datastore);
  if (reaches(findings.found, *threshold)) report.exit_status |= exit_findings;
  const int status = report.exit_status;
  for (const model::VirtualMachine& machine : scanned.datastore.virtual_machines)
    report.unreadable += unreadable_of(scanned, machine);
  if (format == "nagios") return write_output(check_nagios(report)) ? nagios_status(report) : 3;
  const bool written = write_output(line.json         ? report::check_json(report, provenance_of(line.provenance))
                                    : line.has("csv") ? report::check_csv(report)
                                                      : report::check_table(report, line.style));
  let_go(std::move(scanned));
  return written ? status : status | exit_incomplete;
}

}  // namespace

int run_check(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, check_options());
  const bool is_plugin = asks_for(arguments, "--format", "nagios");
  if (!parsed.line) return is_plugin ? end_plugin(parsed.exit_status) : parsed.exit_status;
  const int status = check(verb, *parsed.line);
  return is_plugin && !has_written_output() ? end_plugin(status) : status;
}

}  // namespace cbtctl::cli
