// A target or a file as the user names it: a path, or `ssh://[user@]host[:port][/path]`. Parsed once; what else is
// named by it is made from it.
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
  std::string text;              // as it was written, for messages
};

// `usage` where the text is no target.
formats::core::Result<Location> parse_location(std::string_view text);

[[nodiscard]] bool is_ssh(std::string_view text);  // "ssh://...", well-formed or not

// A path of this machine, however it looks.
[[nodiscard]] Location local_location(std::string path);

// What the file `from` calls `written`: beside it, or an absolute path of the same machine.
[[nodiscard]] Location beside(const Location& from, std::string_view written);

// What is called `name` in a folder.
[[nodiscard]] Location inside(const Location& folder, std::string_view name);

// A part of a path, as it stands in a target on a host.
[[nodiscard]] std::string encoded(std::string_view path);

// "ssh://root@esx1:22/vmfs/..." as `parse_location` would read it.
[[nodiscard]] std::string location_text(const Location& location);

}  // namespace cbtctl::storage
