// A place that lies in memory: the same contract as a folder, with faults on request.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "storage/reader.h"

namespace support {

namespace storage = cbtctl::storage;

struct MemoryPlace {
  std::map<std::string, std::string> files;          // path -> content; folders are implied
  std::map<std::string, std::string> links;          // path -> link target
  std::map<std::string, storage::ErrorKind> faults;  // path -> what every request for it answers
};

std::unique_ptr<storage::Reader> open_memory(MemoryPlace place);

}  // namespace support
