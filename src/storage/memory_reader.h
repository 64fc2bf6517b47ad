// A place that lies in memory, for tests: the same contract as a folder, with faults on request.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "storage/reader.h"

namespace cbtctl::storage {

struct MemoryPlace {
  std::map<std::string, std::string> files;  // path -> content; folders are implied
  std::map<std::string, std::string> links;  // path -> link target
  std::map<std::string, ErrorKind> faults;   // path -> what every request for it answers
};

std::unique_ptr<Reader> open_memory(MemoryPlace place);

}  // namespace cbtctl::storage
