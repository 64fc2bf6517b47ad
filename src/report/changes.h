// ctk diff, ctk verify and export, as told to people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "disk/changes.h"
#include "disk/export.h"
#include "report/table.h"

namespace cbtctl::report {

[[nodiscard]] std::string difference_text(const disk::Tracking& before, const disk::Tracking& after,
                                          const disk::TrackingDifference& difference, const Style& style);
[[nodiscard]] std::string difference_json(const disk::Tracking& before, const disk::Tracking& after,
                                          const disk::TrackingDifference& difference, int exit_status);

struct VerifySubject {
  bool by_images = false;  // else by a delta
  std::string ctk;
  std::vector<std::string> against;  // the delta, or the two images
  std::uint32_t since = 0;
  std::string since_source;  // where it comes from
};
[[nodiscard]] std::string verdict_text(const VerifySubject& subject, const disk::Verdict& verdict, const Style& style);
[[nodiscard]] std::string verdict_json(const VerifySubject& subject, const disk::Verdict& verdict, int exit_status);

struct ExportSubject {
  std::string path;
  std::string output;
  std::size_t link = 0;
};
[[nodiscard]] std::string export_report(const ExportSubject& subject, const disk::Exported& exported, bool json);

}  // namespace cbtctl::report
