// Too many CTK files that do not fit: then it is more likely our reading of the format that is wrong.
#include <algorithm>
#include <map>

#include "analysis/catalogue.h"
#include "analysis/subject.h"
#include "formats/core/checked.h"

namespace cbtctl::analysis {
namespace {

constexpr std::size_t least_unfit = 4;

// Of the CTK files that some descriptor names and that have the signature.
struct Count {
  std::size_t all = 0;
  std::size_t unfit = 0;
  [[nodiscard]] bool is_doubtful() const { return unfit >= least_unfit && unfit * 3 > all; }
};

// Whatever the version says: what fits is told by the header's numbers, the file's size and the disk's capacity alone.
bool is_unfit(const Subject& subject, const model::Descriptor& descriptor) {
  const auto capacity = descriptor.content.capacity_bytes();
  const auto reading = judge_tracking(subject.datastore, descriptor).reading;
  if (!capacity || !reading) return false;
  return reading->layout != formats::ctk::Layout::confirmed ||
         *reading->capacity_sectors != *capacity / formats::core::sector_bytes;
}

std::map<model::Index, Count> count_by_target(const Subject& subject) {
  std::map<model::Index, Count> counts;
  for (const model::TrackingFile& tracking : subject.datastore.tracking_files) {
    const model::File& file = subject.file(tracking.file);
    if (!tracking.header || tracking.named_by.empty() || subject.lies_among_objects(file)) continue;
    Count& count = counts[file.target];
    ++count.all;
    count.unfit += std::any_of(tracking.named_by.begin(), tracking.named_by.end(), [&](model::Index index) {
      const model::Descriptor& descriptor = subject.datastore.descriptors[index];
      return descriptor.judged && is_unfit(subject, descriptor);
    });
  }
  return counts;
}

}  // namespace

void check_format(const Subject& subject, Findings& out) {
  if (out.found.size() < least_unfit) return;  // each that does not fit has been told
  for (const auto& [target, count] : count_by_target(subject)) {
    if (!count.is_doubtful()) continue;
    for (Finding& finding : out.found) {
      if (is_about_ctk_file(finding.code)) finding.fix = Fix::none;
    }
    Finding finding = finding_of(Code::ctk_format_doubted);
    finding.target = target;
    finding.path = std::string(".");
    finding.evidence.push_back(
        {"CTK files that fit", std::to_string(count.all), std::to_string(count.all - count.unfit)});
    out.found.push_back(std::move(finding));
  }
}

}  // namespace cbtctl::analysis
