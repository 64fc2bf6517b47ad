#include "model/identity.h"

#include <algorithm>

namespace cbtctl::model {
namespace {

using formats::core::join;

// The rest of the path below a folder; nullopt where it lies elsewhere.
std::optional<std::string_view> below(std::string_view path, std::string_view folder) {
  if (folder.empty()) return path;
  if (!path.starts_with(folder)) return std::nullopt;
  if (path.size() == folder.size()) return std::string_view{};
  return path[folder.size()] == '/' ? std::optional(path.substr(folder.size() + 1)) : std::nullopt;
}

const std::string& root_of(const Target& target) {
  return target.canonical.empty() ? target.location : target.canonical;
}

std::string joined(const std::string& root, std::string_view rest) { return rest.empty() ? root : join(root, rest); }

}  // namespace

std::string identity_of(const std::vector<Target>& targets, Index target, std::string_view path) {
  if (target >= targets.size()) return std::string(path);  // below a --map: absolute
  if (path == ".") path = {};                              // the target itself
  const Target& where = targets[target];
  for (const VolumeSpan& volume : where.volumes) {
    if (const auto rest = below(path, volume.path)) return joined(volume.identity, *rest);
  }
  return joined(root_of(where), path);
}

std::string identity_of(const Datastore& datastore, const File& file) {
  return identity_of(datastore.targets, file.target, file.path);
}

bool is_looked_at(const std::vector<Target>& targets, std::string_view identity) {
  return std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
    if (target.error) return false;
    return below(identity, root_of(target)) ||
           std::any_of(target.volumes.begin(), target.volumes.end(),
                       [&](const VolumeSpan& volume) { return below(identity, volume.identity).has_value(); });
  });
}

bool are_single_and_nameless(const std::vector<Target>& before, const std::vector<Target>& now) {
  return before.size() == 1 && now.size() == 1 && before[0].volumes.empty() && now[0].volumes.empty();
}

}  // namespace cbtctl::model
