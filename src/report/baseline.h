// An earlier `check --json`, against which only what is new counts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/finding.h"

namespace cbtctl::report {

struct Baseline {
  struct Known {
    std::string fingerprint, code, path, vm, disk;  // vm and disk empty where it names none
    std::string severity, certainty;
    model::Index target = 0;
  };
  std::string path;
  std::vector<model::Target> targets;
  bool has_fingerprints = true;  // of files' identities; false: of version 1
  std::vector<Known> known;
  std::vector<Known> gone;  // known, and found no more
};

// `malformed` where the text is no such document.
[[nodiscard]] formats::core::Result<Baseline> parse_baseline(const std::string& path, const std::string& text);

// Keeps what is new of what was `found` at the targets, also what has become worse or more certain, and notes what has
// gone of what was `looked_for`.
void keep_new(Baseline& baseline, const std::vector<model::Target>& targets, std::vector<analysis::Finding>& found,
              const std::function<bool(const Baseline::Known&)>& looked_for);

}  // namespace cbtctl::report
