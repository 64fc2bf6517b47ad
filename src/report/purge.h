// What purge would delete, and what it has: for people, and JSON (`cbtctl.purge/1`).
#pragma once

#include <string>
#include <vector>

#include "app/select.h"
#include "model/datastore.h"
#include "report/table.h"

namespace cbtctl::report {

struct StayingFile {
  std::string path;
  std::string why;
  friend bool operator==(const StayingFile&, const StayingFile&) = default;
};

struct PurgedRun {
  model::Index target = 0;
  std::string path;
  std::string run;
  std::size_t files = 0;  // that go
  std::uint64_t size_bytes = 0;
  bool deleted = false;              // all of it
  std::vector<StayingFile> staying;  // what the run did not put there, and what is no CTK file
  friend bool operator==(const PurgedRun&, const PurgedRun&) = default;
};

struct PurgeReport {
  const std::vector<model::Target>& targets;
  std::vector<PurgedRun> runs;
  bool carried_out = false;
  std::vector<app::Unmatched> unmatched = {};  // selectors, where a target could not be read
  int exit_status = 0;
};

[[nodiscard]] std::string purge_text(const PurgeReport& report, const Style& style);
[[nodiscard]] std::string purge_json(const PurgeReport& report);

}  // namespace cbtctl::report
