#include "report/purge.h"

#include <algorithm>

#include "report/inventory.h"
#include "report/json.h"
#include "report/text.h"
#include "report/trouble.h"

namespace cbtctl::report {

std::string purge_text(const PurgeReport& report, const Style& style) {
  const auto deleted =
      std::count_if(report.runs.begin(), report.runs.end(), [](const auto& run) { return run.deleted; });
  if (report.carried_out) return counted(static_cast<std::size_t>(deleted), "run", "runs") + " deleted for good\n";
  Table table({{"RUN"}, {"FILES", true}, {"SIZE", true}});
  for (const PurgedRun& run : report.runs)
    table.add({{escaped(run.path)}, {std::to_string(run.files)}, {human_size(run.size_bytes)}});
  const std::string count = counted(report.runs.size(), "run", "runs");
  return (table.is_empty() ? std::string() : table.print(style) + "\n") + not_entered_text(report.targets) + count +
         " to delete for good\n";
}

std::string purge_json(const PurgeReport& report) {
  Json document = envelope("cbtctl.purge/1", report.exit_status, report.targets);
  document["not_entered"] = not_entered_json(report.targets);
  document["runs"] = Json::array();
  for (const PurgedRun& run : report.runs) {
    Json object{{"target", run.target}};
    put_text(object, "path", run.path);
    object["run"] = run.run;
    object["files"] = run.files;
    object["size_bytes"] = run.size_bytes;
    object["deleted"] = run.deleted;
    object["staying"] = Json::array();
    for (const StayingFile& file : run.staying) {
      Json stays;
      put_text(stays, "path", file.path);
      put_text(stays, "why", file.why);
      object["staying"].push_back(std::move(stays));
    }
    document["runs"].push_back(std::move(object));
  }
  document["unmatched"] = unmatched_json(report.unmatched);
  return printed_document(std::move(document));
}

}  // namespace cbtctl::report
