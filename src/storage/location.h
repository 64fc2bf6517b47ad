// A target as the user names it: a path, or `ssh://[user@]host[:port][/path]`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/core/result.h"

namespace cbtctl::storage {

struct Location {
  bool is_ssh = false;
  std::string user;              // empty: as ssh_config or the login name has it
  std::string host;              // without the brackets of an IPv6 address
  std::optional<unsigned> port;  // nothing: as ssh_config has it, or 22
  std::string path;              // local: as given; ssh: percent-decoded, "/vmfs/volumes" where absent
};

// `usage` where the text is no target.
formats::core::Result<Location> parse_location(std::string_view text);

[[nodiscard]] bool is_ssh(std::string_view text);  // "ssh://...", well-formed or not

// A part of a path, as it stands in a target on a host.
[[nodiscard]] std::string encoded(std::string_view path);

// "ssh://root@esx1:22/vmfs/..." as `parse_location` would read it.
[[nodiscard]] std::string location_text(const Location& location);

}  // namespace cbtctl::storage
