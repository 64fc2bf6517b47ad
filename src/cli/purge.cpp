// The only verb that deletes: what earlier runs put aside.
#include <algorithm>
#include <ctime>

#include "cli/exit_status.h"
#include "cli/run_plan.h"
#include "log/log.h"
#include "report/text.h"
#include "storage/path.h"

namespace cbtctl::cli {

std::optional<std::int64_t> parse_age(const std::string& text);

namespace {

struct Purged {
  std::string path;
  storage::Writer* writer = nullptr;
};

// A run's id begins with its time: "20260131T093000Z-1f2e".
std::optional<std::int64_t> time_of_run(const std::string& id) {
  std::tm parts{};
  const char* end = ::strptime(id.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  return end == nullptr ? std::nullopt : std::optional(static_cast<std::int64_t>(::timegm(&parts)));
}

formats::core::Status purge(const Purged& run) {
  const auto names = run.writer->list(run.path);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (const auto removed = run.writer->remove_file(storage::join(run.path, name)); !removed) return removed;
  }
  if (const auto removed = run.writer->remove_empty_folder(run.path); !removed) return removed;
  static_cast<void>(run.writer->remove_empty_folder(std::string(storage::parent_of(run.path))));
  return formats::core::success();
}

}  // namespace

int run_purge(const Verb& verb, const std::vector<std::string>& arguments) {
  options::options_description own = target_options();
  own.add_options()("older-than", options::value<std::string>()->default_value("30d"),
                    "only runs older than this: 90m, 24h, 30d")("yes", "do not ask")(
      "dry-run", "show what would be deleted and stop");
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const auto age = parse_age(line.values["older-than"].as<std::string>());
  if (!age) return usage_error("--older-than takes a number with s, m, h or d", "cbtctl purge --help");
  auto found = discover_targets(verb, line);
  if (const int* status = std::get_if<int>(&found)) return *status;
  const Scanned& scanned = std::get<Scanned>(found);
  const auto sites = sites_of(scanned.places);
  int status = completeness(scanned.datastore);
  std::vector<Purged> old;
  for (const model::Quarantine& quarantine : scanned.datastore.quarantine) {
    storage::Writer* writer = sites[quarantine.target].writer.get();
    if (writer == nullptr) continue;
    if (writer->status(quarantine.path + "/lock")) {
      log::error(quarantine.path + ": a run is at work or was stopped; it stays");
      status |= exit_findings;
      continue;
    }
    for (const std::string& run : quarantine.runs) {
      const auto time = time_of_run(run);
      if (time && *time <= std::time(nullptr) - *age / 1'000'000'000)
        old.push_back({storage::join(quarantine.path, run), writer});
    }
  }
  std::string text;
  for (const Purged& run : old) text += report::escaped(run.path) + "\n";
  if (!line.json) write_output(text + std::to_string(old.size()) + " runs to delete for good\n");
  if (line.has("dry-run") || old.empty()) return status;
  const auto agreed = is_agreed(line, "What lies there cannot be brought back.");
  if (!agreed) return exit_usage;
  if (!*agreed) return exit_cancelled;
  for (const Purged& run : old) {
    if (const auto done = purge(run); !done) {
      log::error(done.error().message);
      status |= exit_incomplete;
    }
  }
  return status;
}

}  // namespace cbtctl::cli
