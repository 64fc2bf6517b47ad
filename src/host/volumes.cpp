#include "host/volumes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "formats/vmware/names.h"

namespace cbtctl::host {
namespace {

using formats::vmware::parse_volume_path;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = trimmed(text); !text.empty(); text = trimmed(text.substr(words.back().size()))) {
    words.push_back(text.substr(0, text.find_first_of(" \t")));
  }
  return words;
}

bool begins_volumes(std::string_view line) {
  return line.starts_with("Mount Point") && line.find("Volume Name") != std::string_view::npos &&
         line.find("UUID") != std::string_view::npos && line.find("Type") != std::string_view::npos;
}

// "/vmfs/volumes/UUID  NAME  UUID  true  VMFS-6  SIZE  FREE".
std::optional<model::Volume> volume_of(std::string_view line) {
  const std::size_t mount_end = line.find_first_of(" \t");
  if (mount_end == std::string_view::npos) return std::nullopt;
  const auto mounted = parse_volume_path(line.substr(0, mount_end));
  if (!mounted) return std::nullopt;
  const std::string uuid(mounted->volume);
  const std::string_view rest = line.substr(mount_end);
  const std::size_t again = rest.rfind(" " + uuid + " ");
  if (again == std::string_view::npos) return std::nullopt;
  const auto after = words_of(rest.substr(again + 1 + uuid.size()));
  constexpr std::size_t mounted_type_size_free = 4;
  if (after.size() != mounted_type_size_free) return std::nullopt;
  return model::Volume{.name = std::string(trimmed(rest.substr(0, again))),
                       .uuid = uuid,
                       .type = type_of(after[1]),
                       .type_name = std::string(after[1])};
}

}  // namespace

model::DatastoreType type_of(std::string_view type_name) {
  using model::DatastoreType;
  struct Row {
    std::string_view name;
    DatastoreType type;
  };
  constexpr std::array known{Row{"VMFS-3", DatastoreType::vmfs}, Row{"VMFS-5", DatastoreType::vmfs},
                             Row{"VMFS-6", DatastoreType::vmfs}, Row{"NFS", DatastoreType::nfs},
                             Row{"NFS41", DatastoreType::nfs},   Row{"vsan", DatastoreType::vsan},
                             Row{"VVOL", DatastoreType::vvol},   Row{"vvol", DatastoreType::vvol}};
  const auto found = std::find_if(known.begin(), known.end(), [&](const Row& row) { return row.name == type_name; });
  return found == known.end() ? DatastoreType::other : found->type;
}

Result<std::vector<model::Volume>> parse_volumes(const Answer& answer) {
  if (auto failure = failure_of(answer)) return std::move(*failure);
  std::vector<model::Volume> volumes;
  bool in_table = false;
  for (const std::string_view line : lines_of(answer.text)) {
    if (begins_volumes(line)) in_table = true;
    if (!in_table || !line.starts_with('/')) continue;
    auto volume = volume_of(line);
    if (!volume) return unknown_form(answer);
    volumes.push_back(std::move(*volume));
  }
  if (!in_table) return unknown_form(answer);
  return volumes;
}

const model::Volume* volume_of(const std::vector<model::Volume>& volumes, std::string_view path) {
  const auto on_volume = parse_volume_path(path);
  if (!on_volume) return nullptr;
  const auto by = [&](auto member) {
    return std::find_if(volumes.begin(), volumes.end(),
                        [&](const model::Volume& volume) { return volume.*member == on_volume->volume; });
  };
  auto found = by(&model::Volume::uuid);
  if (found == volumes.end()) found = by(&model::Volume::name);
  return found == volumes.end() ? nullptr : &*found;
}

std::string by_identity(const std::vector<model::Volume>& volumes, std::string_view path) {
  const model::Volume* volume = volume_of(volumes, path);
  return volume == nullptr ? std::string(path)
                           : formats::vmware::volume_path(volume->uuid, parse_volume_path(path)->path);
}

}  // namespace cbtctl::host
