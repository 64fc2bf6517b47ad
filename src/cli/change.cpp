// enable, disable, reset, clean and repair: one flow, whose verb decides what is planned.
#include <algorithm>
#include <set>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "cli/age.h"
#include "cli/exit_status.h"
#include "cli/finding_filter.h"
#include "cli/look.h"
#include "cli/recheck.h"
#include "cli/run_plan.h"
#include "cli/ssh_places.h"
#include "discovery/discover.h"
#include "formats/core/path.h"
#include "repair/guards.h"
#include "repair/objections.h"
#include "report/text.h"

namespace cbtctl::cli {
namespace {

bool goes_by_findings(repair::Verb verb) { return verb == repair::Verb::clean || verb == repair::Verb::repair; }

Options change_options(repair::Verb verb) {
  Options own = target_options();
  add_change_options(own);
  own.text("plan-out", "write the plan to this new file, for cbtctl apply, and stop");
  if (verb == repair::Verb::enable) own.flag("include-templates", "also templates (.vmtx)");
  if (goes_by_findings(verb)) own.text("min-age", "only files unchanged for so long: 90m, 24h, 7d", "24h");
  if (goes_by_findings(verb))
    own.text("fail-on", "note, warning, error, critical or none: what is left of this makes the exit status 4",
             "error");
  if (verb == repair::Verb::clean)
    own.flag("any-layout", "also CTK files whose header is not understood or of another version");
  if (verb == repair::Verb::repair) {
    own.texts("only", "only findings of this code");
    own.texts("choose", "CODE=OPTION: a fix that is a choice; cbtctl explain CODE lists the options");
  }
  return own;
}

// nullopt where the code has no such choice.
std::optional<analysis::Option> offered(const analysis::Row& row, const std::string& option) {
  const std::vector<std::string> options = analysis::options_of(row);
  if (std::find(options.begin(), options.end(), option) == options.end()) return std::nullopt;
  return analysis::option_from(option);
}

// An error message; nothing where all is well.
std::optional<std::string> read_choices(const CommandLine& line, repair::Request& request) {
  for (const std::string& code : line.list("only")) {
    const analysis::Row* row = analysis::find_row(code);
    if (row == nullptr) return "there is no finding code '" + code + "'";
    request.only.push_back(row->code);
  }
  for (const std::string& text : line.list("choose")) {
    const std::size_t equals = text.find('=');
    const analysis::Row* row = analysis::find_row(text.substr(0, equals));
    if (row == nullptr) return "there is no finding code '" + text.substr(0, equals) + "'";
    const auto option = offered(*row, equals == std::string::npos ? std::string() : text.substr(equals + 1));
    if (!option) {
      return "--choose " + std::string(row->name) +
             " takes one of: " + (row->options.empty() ? "nothing, it has no choice" : std::string(row->options));
    }
    request.choices.push_back({row->code, *option});
  }
  return std::nullopt;
}

repair::Request request_of(repair::Verb verb, const CommandLine& line, const Scanned& scanned,
                           repair::Request request) {
  request.verb = verb;
  request.selected = [&scanned](const model::VirtualMachine& machine) { return scanned.selection.has(machine); };
  request.has_slot = [&scanned](const std::string& slot) { return scanned.selection.has_slot(slot); };
  request.every_machine = scanned.selection.has_every_machine;
  request.whole_machine = scanned.selection.asked.slots.empty();
  request.include_templates = line.has("include-templates");
  request.any_layout = line.has("any-layout");
  request.assumed_off = line.list("assume-powered-off");
  request.assumed_unregistered = line.list("assume-unregistered");
  return request;
}

// A machine that is no longer there was asked for where every one was.
bool is_selected(const Scanned& scanned, model::Index target, const std::string& vm) {
  if (scanned.selection.asked.machines.empty()) return true;
  const auto& machines = scanned.datastore.virtual_machines;
  return std::any_of(machines.begin(), machines.end(), [&](const model::VirtualMachine& machine) {
    const model::File& file = scanned.datastore.files[machine.file];
    const bool is_meant =
        vm.ends_with('/') ? std::string(formats::core::parent_of(file.path)) + "/" == vm : file.path == vm;
    return is_meant && file.target == target && scanned.selection.has(machine);
  });
}

// The selected machines that a word of honour fits.
std::vector<std::string> machines_meant_by(const std::string& word, const Scanned& scanned) {
  std::vector<std::string> machines;
  for (const model::VirtualMachine& machine : scanned.datastore.virtual_machines) {
    if (!repair::is_among({word}, scanned.datastore, machine) || !scanned.selection.has(machine)) continue;
    const model::File& file = scanned.datastore.files[machine.file];
    machines.push_back(scanned.datastore.targets[file.target].location + "/" + file.path);
  }
  return machines;
}

analysis::Findings findings_for(repair::Verb verb, const model::Datastore& datastore) {
  return goes_by_findings(verb) ? analysis::analyze(datastore) : analysis::Findings{};
}

// A command for this finding alone; empty where no verb mends it.
std::string command_for(const Scanned& scanned, const analysis::Finding& finding, const std::string& vm) {
  const analysis::Row& row = analysis::row_of(finding.code);
  if (finding.fix == analysis::Fix::none || finding.target >= scanned.datastore.targets.size()) return {};
  std::string out = "cbtctl repair " + report::shell_word(scanned.datastore.targets[finding.target].location);
  if (!vm.empty()) out += " --vm " + report::shell_word(vm);
  if (!finding.slot.empty()) out += " --disk " + finding.slot;
  out += finding.fix == analysis::Fix::safe ? " --only " : " --choose ";
  out += row.name;
  if (finding.fix == analysis::Fix::choice) out += "=" + analysis::options_of(row).front();
  return out;
}

// What the plan would mend.
std::set<std::string> mended_by(const repair::Plan& plan) {
  std::set<std::string> mended;
  for (const repair::MachinePlan& machine : plan.machines) {
    for (const std::string& fingerprint : machine.fixed)
      mended.insert(std::to_string(machine.roots.front().target) + fingerprint);
  }
  return mended;
}

// Of the findings of everything selected, whatever was asked to be mended.
std::vector<report::Remaining> remaining_of(Scanned& scanned, const repair::Plan& plan, bool was_carried_out) {
  if (was_carried_out) {
    scanned.datastore = discovery::discover(scanned.places, scanned.mappings);
    scanned.selection = app::select(scanned.datastore, scanned.selection.asked);
  }
  analysis::Findings findings = look(scanned, false);
  const bool doubted = std::any_of(findings.found.begin(), findings.found.end(), [](const analysis::Finding& finding) {
    return finding.code == analysis::Code::ctk_format_doubted;
  });
  FindingFilter().apply(scanned, findings);
  recheck(scanned, false, FindingFilter(), findings);
  if (doubted) std::for_each(findings.found.begin(), findings.found.end(), analysis::take_fix_in_doubt);
  const repair::Users users(scanned.datastore);
  const auto mended = was_carried_out ? std::set<std::string>() : mended_by(plan);
  std::vector<report::Remaining> remaining;
  for (analysis::Finding& finding : findings.found) {
    if (mended.contains(std::to_string(finding.target) + fingerprint_in_target(finding))) continue;
    for (const repair::Reason reason : repair::reasons_against(users, finding))
      finding.blocked_by.emplace_back(name_of(reason));
    std::string vm;
    if (finding.machine) vm = scanned.datastore.files[scanned.datastore.virtual_machines[*finding.machine].file].path;
    std::string command = command_for(scanned, finding, vm);
    remaining.push_back({std::move(finding), std::move(vm), std::move(command)});
  }
  return remaining;
}

}  // namespace

int run_change(const Verb& verb, const std::vector<std::string>& arguments) {
  const repair::Verb wanted = *repair::verb_from(verb.name);  // the table of verbs has no other here
  const Parsed parsed = parse(verb, arguments, change_options(wanted));
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl " + std::string(verb.name) + " --help";
  repair::Request settings;
  if (const auto wrong = read_choices(line, settings)) return usage_error(*wrong, help);
  if (line.has("min-age")) {
    const auto age = parse_age(line.text("min-age"));
    if (!age) return usage_error("--min-age takes a number with s, m, h or d", help);
    settings.least_age_ns = *age;
  }

  const auto threshold = threshold_of(line.has("fail-on") ? line.text("fail-on") : "none");
  if (!threshold) return usage_error("--fail-on takes note, warning, error, critical or none", help);

  auto found = discover_targets(verb, line, false, true);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Scanned& scanned = std::get<Scanned>(found);
  const auto sites = sites_of(scanned.places);
  const repair::Look look = look_through(scanned.places, scanned.mappings);
  int status = exit_done;
  Stopped stopped = find_stopped(marked_folders(scanned.datastore), sites);
  const repair::Look back = look_back_through(scanned.places, scanned.mappings);
  const Recovering recovering{
      sites, back, line, [&](model::Index target, const std::string& vm) { return is_selected(scanned, target, vm); }};
  if (const auto wrong = ambiguous_take_over(stopped, recovering)) return usage_error(*wrong, help);
  const auto meant_by = [&](const std::string& word) { return machines_meant_by(word, scanned); };
  if (const auto wrong = ambiguous_word(line, meant_by)) return usage_error(*wrong, help);
  if (!recover_stopped(stopped, recovering, status)) return say_no();
  if (!stopped.results.empty()) {
    scanned.datastore =
        discovery::discover_for_change(scanned.places, scanned.mappings, all_selected(scanned.selection.asked));
    scanned.selection = app::select(scanned.datastore, scanned.selection.asked);
  }
  status |= completeness(scanned.datastore);
  const repair::Request request = request_of(wanted, line, scanned, std::move(settings));
  repair::Plan plan = repair::make_plan(scanned.datastore, findings_for(wanted, scanned.datastore), request, sites);
  const bool waits = !stopped.found.empty() && !may_change(line);
  stopped.take_out(plan, request.every_machine);
  using Remaining = decltype(Run::remaining);
  const Remaining remaining = [&](const repair::Plan& made, bool was_carried_out, int& so_far) {
    auto left = remaining_of(scanned, made, was_carried_out);
    if (was_carried_out) so_far |= completeness(scanned.datastore);
    const auto reaches_it = [&](const report::Remaining& each) {
      return static_cast<int>(each.finding.severity) >= *threshold;
    };
    if (std::any_of(left.begin(), left.end(), reaches_it)) so_far |= exit_findings;
    return left;
  };
  const int ended = run_plan({.verb = wanted,
                              .plan = std::move(plan),
                              .targets = scanned.datastore.targets,
                              .sites = sites,
                              .look = look,
                              .look_everywhere = look_everywhere(scanned.places, scanned.mappings),
                              .recovered = stopped.results,
                              .unmatched = scanned.selection.unmatched,
                              .remaining = goes_by_findings(wanted) ? remaining : Remaining(),
                              .status = status,
                              .waits = waits},
                             line);
  tell_costs(scanned.places);
  return ended;
}

}  // namespace cbtctl::cli
