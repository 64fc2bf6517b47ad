#include "analysis/finding.h"

#include <array>
#include <cstdio>

#include "analysis/catalogue.h"
#include "formats/core/fnv.h"
#include "formats/core/spelling.h"
#include "model/identity.h"

namespace cbtctl::analysis {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
    case Severity::critical:
      return "critical";
  }
  return {};
}

std::string_view name_of(Certainty certainty) {
  switch (certainty) {
    case Certainty::hit:
      return "hit";
    case Certainty::possible:
      return "possible";
    case Certainty::cannot_tell:
      return "cannot-tell";
  }
  return {};
}

std::string_view name_of(Fix fix) {
  switch (fix) {
    case Fix::safe:
      return "safe";
    case Fix::choice:
      return "choice";
    case Fix::none:
      return "none";
  }
  return {};
}

namespace {

constexpr auto skip_reasons = std::to_array<formats::core::Spelling<SkipReason>>({
    {SkipReason::changing, "changing"},
    {SkipReason::encrypted, "encrypted"},
    {SkipReason::in_use, "in-use"},
    {SkipReason::not_proven_off, "not-proven-off"},
    {SkipReason::outside_scan, "outside-scan"},
    {SkipReason::unknown_build, "unknown-build"},
    {SkipReason::unreadable, "unreadable"},
    {SkipReason::untold, "untold"},
});
static_assert(formats::core::is_whole(skip_reasons, SkipReason::untold));

}  // namespace

std::string_view name_of(SkipReason reason) { return formats::core::text_in(skip_reasons, reason); }

SkipReason reason_of(const model::Error& error) {
  switch (error.kind) {
    case model::ErrorKind::encrypted:
      return SkipReason::encrypted;
    case model::ErrorKind::in_use:
      return SkipReason::in_use;
    case model::ErrorKind::changed:
      return SkipReason::changing;
    case model::ErrorKind::outside:
      return SkipReason::outside_scan;
    case model::ErrorKind::missing:
    case model::ErrorKind::denied:
    case model::ErrorKind::unavailable:
    case model::ErrorKind::truncated:
    case model::ErrorKind::malformed:
    case model::ErrorKind::unsupported:
    case model::ErrorKind::usage:
    case model::ErrorKind::cancelled:
      break;
  }
  return SkipReason::unreadable;
}

// FNV-1a over the parts, each ended by a zero byte.
namespace {

std::string fingerprint_with(std::string_view path, const Finding& finding) {
  std::uint64_t hash = formats::core::Fnv<std::uint64_t>::basis;
  for (const std::string_view part :
       {row_of(finding.code).name, path, std::string_view(finding.slot), std::string_view(finding.key)}) {
    hash = formats::core::fnv1a_step<std::uint64_t>(formats::core::fnv1a(part, hash), 0);
  }
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

}  // namespace

std::string fingerprint_of(const std::vector<model::Target>& targets, const Finding& finding) {
  return fingerprint_with(model::identity_of(targets, finding.target, finding.path), finding);
}

std::string fingerprint_in_target(const Finding& finding) { return fingerprint_with(finding.path, finding); }

}  // namespace cbtctl::analysis
