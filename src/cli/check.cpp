#include "report/check.h"

#include <algorithm>
#include <set>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "cli/exit_status.h"
#include "cli/targets.h"
#include "cli/text_file.h"
#include "discovery/discover.h"
#include "storage/path.h"

namespace cbtctl::cli {
namespace {

using analysis::Finding;
using analysis::Findings;

options::options_description check_options() {
  options::options_description own = target_options();
  const auto list = [] { return options::value<std::vector<std::string>>()->composing(); };
  own.add_options()("deep", "also read the tables of CTK files and of sparse extents")(
      "fail-on", options::value<std::string>()->default_value("warning"),
      "note, warning, error, critical or none: what makes the exit status 4")(
      "detailed-exitcode", "add 1 to the exit status when changes were made (check makes none)")(
      "only", list(), "only findings of this code")("except", list(), "no findings of this code")(
      "baseline", options::value<std::string>(), "an earlier check --json: tell only what is new, and what has gone")(
      "csv", "a row per finding")("format", options::value<std::string>()->default_value("text"), "text or nagios");
  return own;
}

// 'none' is beyond every severity.
std::optional<int> threshold_of(const std::string& text) {
  constexpr std::array<std::string_view, 5> names{"note", "warning", "error", "critical", "none"};
  const auto found = std::find(names.begin(), names.end(), text);
  return found == names.end() ? std::nullopt : std::optional(static_cast<int>(found - names.begin()));
}

std::optional<std::string> unknown_code(const CommandLine& line) {
  for (const char* option : {"only", "except"}) {
    for (const std::string& code : line.list(option)) {
      if (analysis::find_row(code) == nullptr) return code;
    }
  }
  return std::nullopt;
}

// What lies in the folder of a selected machine belongs to the selection, whoever it is that uses it.
bool is_selected(const Scanned& scanned, const Finding& finding) {
  if (scanned.selection.is_all()) return true;
  if (!finding.slot.empty() && !scanned.selection.has_slot(finding.slot)) return false;
  const auto& machines = scanned.datastore.virtual_machines;
  if (finding.machine) return scanned.selection.has(scanned.datastore, machines[*finding.machine]);
  return std::any_of(machines.begin(), machines.end(), [&](const model::VirtualMachine& machine) {
    const model::File& file = scanned.datastore.files[machine.file];
    return file.target == finding.target && storage::parent_of(file.path) == storage::parent_of(finding.path) &&
           scanned.selection.has(scanned.datastore, machine);
  });
}

void filter(const Scanned& scanned, const CommandLine& line, Findings& findings) {
  const auto only = line.list("only");
  const auto except = line.list("except");
  const auto is_in = [](const std::vector<std::string>& codes, const Finding& finding) {
    return std::find(codes.begin(), codes.end(), analysis::row_of(finding.code).name) != codes.end();
  };
  std::erase_if(findings.found, [&](const Finding& finding) {
    return (!only.empty() && !is_in(only, finding)) || is_in(except, finding) || !is_selected(scanned, finding);
  });
}

analysis::Opener opener_of(const Scanned& scanned) {
  return [&scanned](model::Index file) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    const model::File& wanted = scanned.datastore.files[file];
    if (wanted.target >= scanned.places.size()) {
      return formats::core::Error{formats::core::ErrorKind::unsupported, "lies in a mapping, which is not read deep"};
    }
    return scanned.places[wanted.target].reader->open(wanted.path);
  };
}

// While virtual machines run, files come, go and are renamed between two requests: a finding that says that something
// is not there holds only if a second look finds the same.
void look_again(const Scanned& scanned, Findings& findings) {
  const auto& machines = scanned.datastore.virtual_machines;
  const bool moves = std::any_of(machines.begin(), machines.end(),
                                 [](const auto& machine) { return machine.power.state == model::PowerState::on; });
  if (!moves || findings.found.empty()) return;
  const model::Datastore second = discovery::discover(scanned.places, scanned.mappings, true);
  std::set<std::string> again;
  for (const Finding& finding : analysis::analyze(second).found) again.insert(fingerprint_of(finding));
  std::erase_if(findings.found, [&](const Finding& finding) {
    const bool is_deep =
        finding.code == analysis::Code::ctk_epoch_ahead || finding.code == analysis::Code::extent_invalid;
    if (is_deep || again.contains(fingerprint_of(finding))) return false;
    findings.skipped.push_back(
        {finding.path, "changed between two looks: " + std::string(analysis::row_of(finding.code).name)});
    return true;
  });
}

void compare(report::Baseline& baseline, Findings& findings) {
  std::set<std::string> known;
  std::set<std::string> now;
  for (const auto& finding : baseline.known) known.insert(finding.fingerprint);
  for (const Finding& finding : findings.found) now.insert(fingerprint_of(finding));
  for (const auto& finding : baseline.known) {
    if (!now.contains(finding.fingerprint)) baseline.gone.push_back(finding);
  }
  std::erase_if(findings.found, [&](const Finding& finding) { return known.contains(fingerprint_of(finding)); });
}

}  // namespace

int run_check(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, check_options());
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl check --help";
  const auto threshold = threshold_of(line.values["fail-on"].as<std::string>());
  if (!threshold) return usage_error("--fail-on takes note, warning, error, critical or none", help);
  const std::string format = line.values["format"].as<std::string>();
  if (format != "text" && format != "nagios") return usage_error("--format takes text or nagios", help);
  if (const auto code = unknown_code(line)) return usage_error("there is no finding code '" + *code + "'", help);
  std::optional<report::Baseline> baseline;
  if (line.has("baseline")) {
    const std::string path = line.values["baseline"].as<std::string>();
    const auto text = read_text_file(path);
    auto read = text ? report::parse_baseline(path, *text) : formats::core::Result<report::Baseline>(text.error());
    if (!read) return usage_error(read.error().message, help);
    baseline = std::move(*read);
  }

  auto found = discover_targets(verb, line, true);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Scanned& scanned = std::get<Scanned>(found);
  Findings findings = analysis::analyze(scanned.datastore, line.has("deep") ? opener_of(scanned) : analysis::Opener{});
  look_again(scanned, findings);
  filter(scanned, line, findings);
  if (baseline) compare(*baseline, findings);

  int status = completeness(scanned.datastore);
  if (std::any_of(findings.found.begin(), findings.found.end(),
                  [&](const Finding& finding) { return static_cast<int>(finding.severity) >= *threshold; })) {
    status |= exit_findings;
  }
  const report::CheckReport report{scanned.datastore, findings, std::move(baseline), status};
  if (format == "nagios") return write_output(check_nagios(report)) ? nagios_status(report) : 3;
  const bool written = write_output(line.json         ? report::check_json(report)
                                    : line.has("csv") ? report::check_csv(report)
                                                      : report::check_table(report, line.style));
  let_go(std::move(scanned));
  return written ? status : status | exit_incomplete;
}

}  // namespace cbtctl::cli
