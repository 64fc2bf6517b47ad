// A datastore in memory, scanned: what tests of discovery and analysis ask their questions to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "discovery/discover.h"
#include "tests/support/ctk_builder.h"
#include "tests/support/memory_reader.h"

namespace support {

using cbtctl::model::Datastore;

// The text of a .vmx with one disk; `more` is added as it is.
inline std::string vmx(const std::string& disk, const std::string& more = {}) {
  return "config.version = \"8\"\nvirtualHW.version = \"13\"\ncleanShutdown = \"TRUE\"\n"
         "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"" +
         disk + "\"\n" + more;
}
inline const std::string both_keys = "ctkEnabled = \"TRUE\"\nscsi0:0.ctkEnabled = \"TRUE\"\n";

inline std::string descriptor(const std::string& extent, const std::string& tracking = {},
                              const std::string& parent = {}) {
  return "# Disk DescriptorFile\nversion=3\nCID=1\n" +
         (parent.empty() ? std::string("parentCID=ffffffff\n")
                         : "parentCID=1\nparentFileNameHint=\"" + parent + "\"\n") +
         "createType=\"vmfs\"\nRW 8388608 VMFS \"" + extent + "\"\n" +
         (tracking.empty() ? std::string() : "changeTrackPath=\"" + tracking + "\"\n");
}

// A CTK file that fits the 4 GiB of `descriptor`.
inline std::string tracking(std::uint64_t sectors = 8388608) {
  const auto blocks = sectors / 128;
  const auto builder = CtkBuilder{}
                           .capacity(sectors)
                           .word(static_cast<std::uint32_t>(blocks), 24)
                           .block(128)
                           .word(4, 36)
                           .size(512 + 4 * blocks);
  return {reinterpret_cast<const char*>(builder.bytes().data()), builder.bytes().size()};
}

struct Source {
  std::string location;  // absolute
  MemoryPlace place;
  std::string only_vmx = {};  // a target that is one .vmx in `location`
};

inline Datastore scan(std::vector<Source> sources) {
  std::vector<cbtctl::discovery::Place> places;
  for (Source& source : sources) {
    cbtctl::discovery::Place place;
    place.target.location = source.location;
    place.roots = {source.location};
    place.only_vmx = source.only_vmx;
    place.reader = open_memory(std::move(source.place));
    places.push_back(std::move(place));
  }
  return cbtctl::discovery::discover(places, {});
}

inline Datastore scan(std::map<std::string, std::string> files) {
  return scan({{"/mnt/ds", {std::move(files), {}, {}}}});
}

}  // namespace support
