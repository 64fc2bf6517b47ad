// What a file's name says of how it is read first.
#pragma once

#include <string_view>

namespace cbtctl::discovery {

enum class NameHint {
  configuration,  // .vmx, .vmtx
  snapshot_list,  // .vmsd
  tracking,       // -ctk.vmdk
  flat,           // -flat.vmdk: most likely a flat extent, whose size is wanted
  disk_data,      // -delta, -sesparse, -rdm, -rdmp, -s001, -f001: read only for a reason
  disk,           // any other name with ".vmdk" in it, backup copies included
  other,
};

[[nodiscard]] NameHint hint_of(std::string_view file_name);

}  // namespace cbtctl::discovery
