#include "cli/location.h"

#include <optional>
#include <string_view>

#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "storage/local_path.h"

namespace cbtctl::cli {
namespace {

using formats::core::join;

// "[ds1] web01/web01.vmx" on some host.
std::optional<std::string> form_of_datastore_path(std::string_view text) {
  const std::size_t close = text.find(']');
  if (!text.starts_with('[') || close == std::string_view::npos || close == 1) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string datastore = join(formats::vmware::volumes_root, text.substr(1, close - 1));
  return "ssh://HOST" + storage::encoded(rest.empty() ? datastore : join(datastore, rest));
}

// "root@esx1", "root@esx1:/vmfs/volumes/ds1", "esx1:/vmfs/volumes/ds1", as ssh and scp have them.
std::optional<std::string> form_of_host(std::string_view text) {
  const std::size_t colon = text.find(":/");
  const std::string_view host = text.substr(0, colon);
  const bool has_user = host.find('@') != std::string_view::npos;
  if (host.empty() || host.find('/') != std::string_view::npos) return std::nullopt;
  if (!has_user && colon == std::string_view::npos) return std::nullopt;
  return "ssh://" + std::string(host) +
         (colon == std::string_view::npos ? std::string() : storage::encoded(text.substr(colon + 1)));
}

}  // namespace

formats::core::Result<storage::Location> location_of(const std::string& text) {
  auto location = storage::parse_location(text);
  if (!location || location->is_ssh || storage::resolve_local(location->path)) return location;
  auto form = form_of_datastore_path(text);
  if (!form) form = form_of_host(text);
  if (!form) return location;
  return formats::core::Error{formats::core::ErrorKind::usage,
                              "'" + text + "' is no path on this machine; for a host, type " + *form};
}

}  // namespace cbtctl::cli
