// What file names suggest. A name chooses what is read first; what a file is, content and references decide.
#pragma once

#include <string>
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

// Of a path: whether it is called like a .vmx or .vmtx.
[[nodiscard]] bool names_a_configuration(std::string_view path);

// "web01-ctk.vmdk" -> "web01.vmdk"; empty where the name is none of a CTK file.
[[nodiscard]] std::string disk_of_tracking(std::string_view file_name);

}  // namespace cbtctl::discovery
