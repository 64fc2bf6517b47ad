// --provenance: when and how a verb was called, and what it read. Without the option there is nothing of it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "report/provenance.h"
#include "storage/read_record.h"

namespace cbtctl::cli {

void add_provenance_option(Options& own);

// What the option began; the verb's run owns it.
struct ProvenanceRun {
  std::chrono::system_clock::time_point started;
  std::vector<std::string> arguments;  // the verb's words too
  std::shared_ptr<storage::ReadRecord> record = std::make_shared<storage::ReadRecord>();
};
[[nodiscard]] std::shared_ptr<const ProvenanceRun> begin_provenance(std::string_view verb,
                                                                    const std::vector<std::string>& arguments);

// Empty where there is no run.
[[nodiscard]] report::ProvenanceOf provenance_of(std::shared_ptr<const ProvenanceRun> run);

}  // namespace cbtctl::cli
