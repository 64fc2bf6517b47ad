#include "analysis/kept_by_others.h"

#include <algorithm>
#include <array>

#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace cbtctl::analysis {
namespace {

using Place = Keeper::Place;

constexpr std::array keepers{
    Keeper{Place::folder, "fcd", "first-class disks have no virtual machine"},
    Keeper{Place::folder, "catalog", "vCenter's catalogue of first-class disks"},
    Keeper{Place::folder, "kubevols", "volumes of Kubernetes are attached when a pod runs"},
    Keeper{Place::folder_beginning, "contentlib-", "items of a content library are copied, never run"},
    Keeper{Place::folder, "appvolumes", "App Volumes attaches its packages while somebody is logged in"},
    Keeper{Place::folder, "cloudvolumes", "App Volumes attaches its packages while somebody is logged in"},
    Keeper{Place::folder_beginning, "hbr", "vSphere Replication names its disks in a database"},
    Keeper{Place::file_beginning, "hbr", "vSphere Replication names its disks in a database"},
    Keeper{Place::folder, "vmkdump", "the host's own dump files"},
    Keeper{Place::file_part, "-000000.", "Site Recovery Manager's, whose descriptor comes last", true},
    Keeper{Place::file_part, "-000000-", "Site Recovery Manager's, whose descriptor comes last", true},
    Keeper{Place::file_part, "-digest", "the digest of a View disk, which no configuration names"},
};

bool has_folder(std::string_view path, std::string_view text, bool whole) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = path.find('/', begin);
    if (end == std::string_view::npos) return false;  // the file itself
    const std::string_view part = path.substr(begin, end - begin);
    if (whole ? part == text : part.starts_with(text)) return true;
    begin = end + 1;
  }
  return false;
}

bool keeps(const Keeper& keeper, std::string_view path) {
  const std::string_view name = formats::core::file_name(path);
  switch (keeper.place) {
    case Place::folder:
      return has_folder(path, keeper.text, true);
    case Place::folder_beginning:
      return has_folder(path, keeper.text, false);
    case Place::file_beginning:
      return name.starts_with(keeper.text);
    case Place::file_part:
      return name.find(keeper.text) != std::string_view::npos;
  }
  return false;
}

}  // namespace

const Keeper* keeper_of(const model::File& file) {
  const std::string path = formats::core::lower(file.path);
  const auto found =
      std::find_if(keepers.begin(), keepers.end(), [&](const Keeper& each) { return keeps(each, path); });
  return found == keepers.end() ? nullptr : &*found;
}

}  // namespace cbtctl::analysis
