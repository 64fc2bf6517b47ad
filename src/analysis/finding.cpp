#include "analysis/finding.h"

#include <array>
#include <cstdio>

#include "analysis/catalogue.h"

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

// FNV-1a over the parts, each ended by a zero byte.
std::string fingerprint_of(const Finding& finding) {
  std::uint64_t hash = 0xCBF29CE484222325;
  const auto add = [&](std::string_view part) {
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    hash *= 0x100000001B3;
  };
  add(row_of(finding.code).name);
  add(finding.path);
  add(finding.slot);
  add(finding.key);
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

}  // namespace cbtctl::analysis
