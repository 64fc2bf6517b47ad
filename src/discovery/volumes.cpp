#include "discovery/volumes.h"

#include <algorithm>

#include "formats/core/ascii.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

bool is_hex(std::string_view text) { return std::all_of(text.begin(), text.end(), formats::core::is_lower_hex_digit); }

}  // namespace

bool is_below(std::string_view location, std::string_view root) {
  return location == root ||
         (location.size() > root.size() && location.starts_with(root) && location[root.size()] == '/') || root.empty();
}

std::string_view below(std::string_view location, std::string_view root) {
  return location.size() <= root.size() ? std::string_view{} : location.substr(root.size() + 1);
}

bool is_volume_identity(std::string_view name) {
  if (name.starts_with("vsan:")) return true;
  if (name.size() != 17 && name.size() != 35) return false;
  if (!is_hex(name.substr(0, 8)) || name[8] != '-' || !is_hex(name.substr(9, 8))) return false;
  return name.size() == 17 ||
         (name[17] == '-' && is_hex(name.substr(18, 4)) && name[22] == '-' && is_hex(name.substr(23)));
}

std::string location_of(const std::string& host, const std::string& absolute) {
  if (host.empty()) return absolute;
  const auto on_volume = formats::vmware::parse_volume_path(absolute);
  return on_volume && is_volume_identity(on_volume->volume) ? absolute : host + absolute;
}

std::string location_of(const Place& place, const std::string& absolute) {
  for (const Alias& alias : place.aliases) {
    if (is_below(absolute, alias.folder)) return alias.location + absolute.substr(alias.folder.size());
  }
  return location_of(place.host, absolute);
}

bool is_volumes_root(const Place& place) {
  return std::find(place.roots.begin(), place.roots.end(), formats::vmware::volumes_root) != place.roots.end();
}

}  // namespace cbtctl::discovery
