// enable, disable, reset, clean and repair: one flow, whose verb decides what is planned.
#include <algorithm>
#include <charconv>
#include <iostream>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "cli/exit_status.h"
#include "cli/run_plan.h"
#include "discovery/discover.h"
#include "log/log.h"
#include "storage/path.h"

namespace cbtctl::cli {
namespace {

options::options_description change_options(std::string_view verb) {
  options::options_description own = target_options();
  add_change_options(own);
  if (verb == "enable") own.add_options()("include-templates", "also templates (.vmtx)");
  if (verb == "clean" || verb == "repair")
    own.add_options()("min-age", options::value<std::string>()->default_value("24h"),
                      "only files unchanged for so long: 90m, 24h, 7d");
  if (verb == "repair") {
    own.add_options()("only", options::value<std::vector<std::string>>()->composing(), "only findings of this code")(
        "choose", options::value<std::vector<std::string>>()->composing(),
        "CODE=OPTION: a fix that is a choice; cbtctl explain CODE lists the options");
  }
  return own;
}

bool offers(const analysis::Row& row, std::string_view option) {
  std::string_view rest = row.options;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == option) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
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
    const std::string option = equals == std::string::npos ? std::string() : text.substr(equals + 1);
    if (!offers(*row, option)) {
      return "--choose " + std::string(row->name) +
             " takes one of: " + (row->options.empty() ? "nothing, it has no choice" : std::string(row->options));
    }
    request.choices.push_back({row->code, option});
  }
  return std::nullopt;
}

repair::Request request_of(std::string_view verb, const Scanned& scanned) {
  repair::Request request;
  request.verb = std::string(verb);
  request.selected = [&scanned](const model::VirtualMachine& machine) {
    return scanned.selection.has(scanned.datastore, machine);
  };
  request.has_slot = [&scanned](const std::string& slot) { return scanned.selection.has_slot(slot); };
  request.whole_machine = scanned.selection.slots.empty();
  request.everything = scanned.selection.is_all();
  return request;
}

// What an earlier run left unfinished is put right before anything is planned; whether there was any.
bool recover_earlier(const Scanned& scanned, const std::vector<repair::Site>& sites,
                     std::vector<repair::Refusal>& refused, int& status) {
  bool any = false;
  for (const model::Quarantine& quarantine : scanned.datastore.quarantine) {
    const auto& site = sites[quarantine.target];
    if (!site.writer) continue;
    const std::string folder(storage::parent_of(quarantine.path));
    const auto unfinished = repair::find_unfinished(folder, *site.writer);
    if (!unfinished) continue;
    if (unfinished->is_at_work) {
      refused.push_back({unfinished->vm.empty() ? folder : unfinished->vm, "locked",
                         quarantine.path + "/lock is held by " + unfinished->owner});
      continue;
    }
    const repair::Result result = repair::recover(*unfinished, *site.writer);
    log::error(folder + ": found unfinished: " + unfinished->owner + ": " + result.outcome +
               (result.message.empty() ? "" : ": " + result.message));
    if (result.outcome == "failed") status |= exit_incomplete;
    any = true;
  }
  return any;
}

}  // namespace

std::optional<std::int64_t> parse_age(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(end, text.data() + text.size());
  const std::int64_t seconds = unit == "s"   ? 1
                               : unit == "m" ? 60
                               : unit == "h" ? 3600
                               : unit == "d" ? 86400
                               : text == "0" ? 1
                                             : 0;
  constexpr std::int64_t most = 1'000'000;
  if (code != std::errc{} || seconds == 0 || number < 0 || number > most) return std::nullopt;
  return number * seconds * 1'000'000'000;
}

int run_change(const Verb& verb, const std::vector<std::string>& arguments) {
  const Parsed parsed = parse(verb, arguments, change_options(verb.name));
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl " + std::string(verb.name) + " --help";
  repair::Request settings;
  if (const auto wrong = read_choices(line, settings)) return usage_error(*wrong, help);
  if (line.has("min-age")) {
    const auto age = parse_age(line.values["min-age"].as<std::string>());
    if (!age) return usage_error("--min-age takes a number with s, m, h or d", help);
    settings.least_age_ns = *age;
  }

  auto found = discover_targets(verb, line);
  if (const int* status = std::get_if<int>(&found)) return *status;
  Scanned& scanned = std::get<Scanned>(found);
  const auto sites = sites_of(scanned.places);
  int status = exit_done;
  std::vector<repair::Refusal> locked;
  if (!line.has("dry-run") && recover_earlier(scanned, sites, locked, status)) {
    scanned.datastore = discovery::discover(scanned.places, scanned.mappings);
  }
  status |= completeness(scanned.datastore);
  repair::Request request = request_of(verb.name, scanned);
  request.only = settings.only;
  request.choices = settings.choices;
  request.least_age_ns = settings.least_age_ns;
  request.include_templates = line.has("include-templates");
  request.assumed_off = line.list("assume-powered-off");
  repair::Plan plan = repair::make_plan(scanned.datastore, analysis::analyze(scanned.datastore), request, sites);
  plan.refused.insert(plan.refused.end(), locked.begin(), locked.end());
  std::erase_if(plan.machines, [&](const repair::MachinePlan& machine) {
    return std::any_of(locked.begin(), locked.end(),
                       [&](const repair::Refusal& refusal) { return refusal.vm == machine.vm; });
  });
  return run_plan(std::move(plan), scanned.datastore.targets, sites, line, status);
}

}  // namespace cbtctl::cli
