#include "discovery/references.h"

#include "discovery/volumes.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {

std::optional<std::string_view> below_remote(const Mapping& mapping, std::string_view absolute) {
  return is_below(absolute, mapping.remote) ? std::optional(below(absolute, mapping.remote)) : std::nullopt;
}

std::vector<std::string_view> tails_of(std::string_view absolute, ReferenceTo to) {
  std::vector<std::string_view> tails;
  if (!formats::vmware::parse_volume_path(absolute)) return tails;
  for (std::size_t slash = 0; slash != std::string_view::npos; slash = absolute.find('/')) {
    absolute.remove_prefix(slash + 1);
    if (to == ReferenceTo::file && absolute.find('/') == std::string_view::npos) break;
    tails.push_back(absolute);
  }
  return tails;
}

}  // namespace cbtctl::discovery
