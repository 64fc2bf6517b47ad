// The only verb that deletes: what earlier runs put aside.
#include <algorithm>
#include <ctime>

#include "cli/age.h"
#include "cli/exit_status.h"
#include "cli/run_plan.h"
#include "formats/core/path.h"
#include "log/log.h"
#include "repair/hold.h"
#include "repair/journal.h"
#include "repair/purge.h"
#include "repair/unnamed.h"
#include "repair/workplace.h"
#include "report/purge.h"

namespace cbtctl::cli {
namespace {

using formats::core::join;
using formats::core::parent_of;

// A run ended when the last name came into its folder or left it: its id is in order with other ids, also where a clock
// was wrong, and so is no time.
std::optional<std::int64_t> end_of_run(const std::string& path, storage::Writer& writer) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const auto status = writer.status(path);
  return status ? std::optional(status->modified_ns / second_ns) : std::nullopt;
}

bool is_selected(const Scanned& scanned, const model::Quarantine& quarantine) {
  if (scanned.selection.asked.machines.empty()) return true;
  const model::File inside{.target = quarantine.target, .path = quarantine.path};
  const auto owners = repair::owners_of(repair::Users(scanned.datastore), inside);
  return std::any_of(owners.begin(), owners.end(),
                     [&](const auto* machine) { return scanned.selection.has(*machine); });
}

report::PurgedRun described(report::PurgedRun run, const repair::RunContents& contents) {
  run.files = contents.removable.size();
  run.size_bytes = contents.removable_bytes;
  for (const repair::Staying& staying : contents.staying) run.staying.push_back({staying.path, staying.why});
  return run;
}

report::PurgedRun look_into(const model::Datastore& datastore, const model::Quarantine& quarantine,
                            const std::string& run, storage::Writer& writer) {
  report::PurgedRun purged{.target = quarantine.target, .path = join(quarantine.path, run), .run = run};
  const auto contents = repair::contents_of_run(datastore, purged.target, purged.path, writer);
  return contents ? described(std::move(purged), *contents) : purged;
}

// The plan last, so that what is left of a purge that was stopped still says what it was. True: nothing stays.
formats::core::Result<bool> purge(const report::PurgedRun& run, const repair::RunContents& contents,
                                  storage::Writer& writer) {
  for (const std::string& path : contents.removable) {
    if (const auto removed = writer.remove_file(path); !removed) return removed.error();
  }
  if (!contents.staying.empty()) return false;
  if (const auto removed = writer.remove_empty_folder(run.path); !removed) return removed.error();
  const std::string own_folder(parent_of(run.path));
  static_cast<void>(writer.remove_empty_folder(own_folder));
  const auto noted = repair::reopen_journal(run.run)->append({.vm = std::string(parent_of(own_folder)),
                                                              .what = std::string(name_of(repair::StepKind::purged)),
                                                              .path = run.path});
  if (!noted) return noted.error();
  return true;
}

// What is not the run's, or may not be deleted, is told whenever it is met.
void tell_staying(const report::PurgeReport& report, int& status) {
  for (const report::PurgedRun& run : report.runs) {
    for (const report::StayingFile& file : run.staying) {
      log::error(file.path + " stays: " + file.why);
      status |= exit_findings;
    }
  }
}

// What was shown and agreed to, and nothing else: under the lock, so that no undo is at work meanwhile.
formats::core::Result<bool> purge_as_shown(const model::Datastore& datastore, const report::PurgedRun& run,
                                           const repair::Site& site) {
  const std::string own_folder(parent_of(run.path));
  const auto hold = repair::Hold::take(std::string(parent_of(own_folder)), site, run.run);
  if (!hold) return hold.error();
  const auto contents = repair::contents_of_run(datastore, run.target, run.path, *site.writer);
  if (!contents || described({.target = run.target, .path = run.path, .run = run.run}, *contents) != run)
    return formats::core::Error{formats::core::ErrorKind::changed, run.path + " is not what was shown any more"};
  return purge(run, *contents, *site.writer);
}

std::vector<report::PurgedRun> find_old(const Scanned& scanned, const std::vector<repair::Site>& sites,
                                        std::int64_t least_age_s, int& status) {
  std::vector<report::PurgedRun> old;
  for (const model::Quarantine& quarantine : scanned.datastore.quarantine) {
    storage::Writer* writer = sites[quarantine.target].writer.get();
    if (writer == nullptr || !is_selected(scanned, quarantine)) continue;
    if (writer->status(join(quarantine.path, "lock"))) {
      log::error(quarantine.path + ": a run is at work or was stopped; it stays");
      status |= exit_findings;
      continue;
    }
    for (const std::string& run : quarantine.runs) {
      if (!repair::is_called_like_run(run)) continue;
      const auto time = end_of_run(join(quarantine.path, run), *writer);
      if (time && *time <= std::time(nullptr) - least_age_s)
        old.push_back(look_into(scanned.datastore, quarantine, run, *writer));
    }
  }
  return old;
}

}  // namespace

int run_purge(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own = target_options();
  own.text("older-than", "only runs older than this: 90m, 24h, 30d", "30d");
  own.flag("yes,y", "do not ask");
  own.flag("dry-run,n", "show what would be deleted and stop");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl purge --help";
  const auto age = parse_age(line.text("older-than"));
  if (!age) return usage_error("--older-than takes a number with s, m, h or d", help);
  if (line.has("disk")) return usage_error("purge works on whole folders: --disk does not fit", help);
  auto found = discover_targets(verb, line);
  if (const int* status = std::get_if<int>(&found)) return *status;
  const Scanned& scanned = std::get<Scanned>(found);
  const auto sites = sites_of(scanned.places);
  constexpr std::int64_t second_ns = 1'000'000'000;
  report::PurgeReport report{
      .targets = scanned.datastore.targets, .runs = {}, .unmatched = scanned.selection.unmatched};
  report.exit_status = completeness(scanned.datastore);
  report.runs = find_old(scanned, sites, *age / second_ns, report.exit_status);
  tell_staying(report, report.exit_status);
  const auto print = [&] {
    const std::string text = line.json ? report::purge_json(report) : report::purge_text(report, line.style);
    return write_output(text) ? report.exit_status : report.exit_status | exit_incomplete;
  };
  if (line.has("dry-run") || report.runs.empty()) return print();
  if (!line.json) print();
  const auto agreed = is_agreed(line, "What lies there cannot be brought back.");
  if (!agreed) return exit_usage;
  if (!*agreed) return exit_cancelled;
  report.carried_out = true;
  for (report::PurgedRun& run : report.runs) {
    const auto done = purge_as_shown(scanned.datastore, run, sites[run.target]);
    run.deleted = done.has_value() && *done;
    if (done) continue;
    log::error(done.error().message);
    using formats::core::ErrorKind;
    const bool is_refused = done.error().kind == ErrorKind::in_use || done.error().kind == ErrorKind::changed;
    report.exit_status |= is_refused ? exit_findings : exit_incomplete;
  }
  return print();
}

}  // namespace cbtctl::cli
