#include "cli/tracked_disk.h"

#include <algorithm>

#include "cli/disk_files.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::cli {
namespace {

using formats::core::file_name;

bool names(const FileOpener& files, const std::string& descriptor, const std::string& ctk) {
  const auto file = open_named(files, descriptor);
  if (!file) return false;
  const auto content = disk::read_descriptor(*file);
  return content && content->change_track_path && FileOpener::beside(descriptor, *content->change_track_path) == ctk;
}

// That which has the usual name first.
std::vector<std::string> candidates(const FileOpener& files, const std::string& ctk) {
  std::vector<std::string> paths;
  if (auto disk = formats::vmware::disk_of_tracking(ctk); !disk.empty()) paths.push_back(std::move(disk));
  std::vector<std::string> beside = files.names_beside(ctk);
  std::sort(beside.begin(), beside.end());
  for (const std::string& name : beside) {
    if (formats::vmware::is_called_vmdk(name)) paths.push_back(FileOpener::beside(ctk, name));
  }
  return paths;
}

}  // namespace

std::optional<disk::Chain> tracked_disk(const FileOpener& files, const std::string& ctk) {
  const std::string written = FileOpener::beside(ctk, std::string(file_name(ctk)));
  for (const std::string& path : candidates(files, written)) {
    if (!names(files, path, written)) continue;
    auto chain = disk::Chain::open(path, finder_for(files, path));
    return chain ? std::optional(std::move(*chain)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace cbtctl::cli
