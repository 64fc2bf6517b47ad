// Whether a CTK file misses writes: the verdict and its evidence.
#pragma once

#include <string>
#include <vector>

#include "disk/verify.h"
#include "model/completeness.h"
#include "report/provenance.h"
#include "report/table.h"

namespace cbtctl::report {

struct VerifySubject {
  bool by_images = false;  // else by a delta
  std::string ctk;
  std::vector<std::string> against;  // the delta, or the two images
  std::uint32_t since = 0;
  std::string since_source;  // where it comes from
  formats::ctk::Reading reading;
  model::Completeness completeness;
  bool proves_nothing = false;  // since it is not complete
};
[[nodiscard]] std::string verdict_text(const VerifySubject& subject, const disk::Verdict& verdict, const Style& style);
[[nodiscard]] std::string verdict_json(const VerifySubject& subject, const disk::Verdict& verdict, int exit_status,
                                       const ProvenanceOf& provenance = {});

}  // namespace cbtctl::report
