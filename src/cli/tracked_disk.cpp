#include "cli/tracked_disk.h"

#include "cli/disk_files.h"
#include "discovery/inspect.h"
#include "formats/core/checked.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::cli {
namespace {

using formats::core::file_name;
using storage::Location;

bool names(const FileOpener& files, const Location& descriptor, const Location& ctk) {
  const auto file = open_named(files, descriptor);
  if (!file) return false;
  const auto content = disk::read_descriptor(*file);
  return content && content->change_track_path &&
         storage::beside(descriptor, *content->change_track_path).text == ctk.text;
}

// That which has the usual name first.
std::vector<Location> candidates(const FileOpener& files, const Location& ctk) {
  const auto beside = files.names_beside(ctk);
  std::vector<std::string> names = beside ? *beside : std::vector<std::string>{};
  std::erase_if(names, [](const std::string& name) { return !formats::vmware::is_called_vmdk(name); });
  if (auto disk = formats::vmware::disk_of_tracking(file_name(ctk.path)); !disk.empty())
    names.insert(names.begin(), std::move(disk));
  std::vector<Location> disks;
  for (const std::string& name : names) disks.push_back(storage::beside(ctk, name));
  return disks;
}

}  // namespace

std::optional<disk::Chain> tracked_disk(const FileOpener& files, const Location& ctk) {
  const Location written = storage::beside(ctk, file_name(ctk.path));
  for (const Location& disk : candidates(files, written)) {
    if (!names(files, disk, written)) continue;
    auto chain = disk::Chain::open(disk.text, finder_for(files, disk));
    return chain ? std::optional(std::move(*chain)) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> tracked_sectors(const FileOpener& files, const Location& ctk) {
  const std::string name(file_name(ctk.path));
  const std::string disk = formats::vmware::disk_of_tracking(name);
  if (disk.empty()) return std::nullopt;
  const auto source = files.open(storage::beside(ctk, disk));
  if (!source) return std::nullopt;
  const auto descriptor = discovery::inspect(**source, disk).descriptor;
  if (!descriptor || file_name(descriptor->change_track_path.value_or("")) != name) return std::nullopt;
  const auto capacity = descriptor->capacity_bytes();
  return capacity ? std::optional(*capacity / formats::core::sector_bytes) : std::nullopt;
}

}  // namespace cbtctl::cli
