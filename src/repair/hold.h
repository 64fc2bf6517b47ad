// One folder held as a run holds it, by a verb that changes nothing but what lies in `.cbtctl` there.
#pragma once

#include <string>

#include "repair/planner.h"

namespace cbtctl::repair {

class Hold {
 public:
  // `in_use`, with the owner in words, where another process holds the folder.
  static formats::core::Result<std::unique_ptr<Hold>> take(const std::string& folder, const Site& site,
                                                           const std::string& newest_run);
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold();

 private:
  Hold(const std::string& folder, const Site& site, const std::string& newest_run);

  std::string run_;
  MachinePlan machine_;
  std::vector<Site> sites_;
  bool is_held_ = false;
};

}  // namespace cbtctl::repair
