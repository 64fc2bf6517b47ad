// Too many CTK files that do not add up as we read them: then it is more likely our reading of the format that is
// wrong.
#include <algorithm>
#include <map>

#include "analysis/catalogue.h"
#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

constexpr std::size_t least_strange = 4;

// Of the CTK files that some descriptor names and that have the signature.
struct Count {
  std::size_t all = 0;
  std::size_t strange = 0;
  [[nodiscard]] bool is_doubtful() const { return strange >= least_strange && strange * 3 > all; }
};

// One that is understood and covers less, or is of another version, is no sign that the format is another.
bool is_not_understood(const Subject& subject, const model::Descriptor& descriptor) {
  const auto reading = judge_tracking(subject.datastore, descriptor).reading;
  return reading && descriptor.content.capacity_bytes() && !reading->is_understood();
}

bool is_ahead(const model::File& file, const Findings& found) {
  return std::any_of(found.found.begin(), found.found.end(), [&](const Finding& finding) {
    return finding.code == Code::ctk_epoch_ahead && finding.target == file.target && finding.path == file.path;
  });
}

std::map<model::Index, Count> count_by_target(const Subject& subject, const Findings& found) {
  std::map<model::Index, Count> counts;
  for (const model::TrackingFile& tracking : subject.datastore.tracking_files) {
    const model::File& file = subject.file(tracking.file);
    if (!tracking.header || tracking.named_by.empty() || subject.lies_among_objects(file)) continue;
    Count& count = counts[file.target];
    ++count.all;
    const bool is_strange = std::any_of(tracking.named_by.begin(), tracking.named_by.end(), [&](model::Index index) {
      const model::Descriptor& descriptor = subject.datastore.descriptors[index];
      return descriptor.judged && is_not_understood(subject, descriptor);
    });
    count.strange += is_strange || is_ahead(file, found) ? 1U : 0U;
  }
  return counts;
}

}  // namespace

void take_fix_in_doubt(Finding& finding) {
  if (is_about_ctk_file(finding.code)) finding.fix = Fix::none;
}

void check_format(const Subject& subject, Findings& out) {
  if (out.found.size() < least_strange) return;  // each that does not fit has been told
  for (const auto& [target, count] : count_by_target(subject, out)) {
    if (!count.is_doubtful()) continue;
    for (Finding& each : out.found) take_fix_in_doubt(each);
    Finding finding = finding_of(Code::ctk_format_doubted);
    finding.target = target;
    finding.path = std::string(".");
    finding.evidence.push_back(
        {"CTK files that add up", std::to_string(count.all), std::to_string(count.all - count.strange)});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace cbtctl::analysis
