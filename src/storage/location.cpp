#include "storage/location.h"

#include <charconv>

#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::storage {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::join;
using formats::core::parent_of;

constexpr std::string_view scheme = "ssh://";

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, code] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (code != std::errc{} || end != text.data() + i + 3 || value == 0) return std::nullopt;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return out;
}

std::optional<unsigned> port_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535) return std::nullopt;
  return value;
}

// "ssh://user:password@host"
bool holds_password(std::string_view text) {
  if (!is_ssh(text)) return false;
  const std::string_view authority = text.substr(scheme.size(), text.substr(scheme.size()).find('/'));
  const std::size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

// "host", "host:22", "[::1]", "[::1]:22"; false where it is none of them.
bool read_authority(std::string_view text, Location& location) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    location.host = std::string(text.substr(1, close - 1));
    // A zone stands after a '%', which is encoded (RFC 6874) or, as ssh takes it, not.
    const std::size_t zone = location.host.find("%25");
    if (zone != std::string::npos) location.host.erase(zone + 1, 2);
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    const auto host = percent_decoded(text.substr(0, colon));
    if (!host) return false;
    location.host = *host;
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  // A host that begins with '-' would be an option of ssh.
  if (location.host.empty() || location.host.starts_with('-')) return false;
  if (port.empty()) return true;
  location.port = port.starts_with(':') ? port_number(port.substr(1)) : std::nullopt;
  return location.port.has_value();
}

std::string with_reserved(std::string_view text, std::string_view reserved) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (reserved.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

}  // namespace

formats::core::Result<Location> parse_location(std::string_view text) {
  // Checked before anything that repeats the text.
  if (holds_password(text)) {
    return Error{ErrorKind::usage,
                 "a password does not belong in a target, where every process list shows it: --password-file, "
                 "--password-fd and CBTCTL_PASSWORD are for that"};
  }
  const Error malformed{ErrorKind::usage,
                        "expected a path or ssh://[user@]host[:port][/path], found '" + std::string(text) + "'"};
  if (text.empty()) return malformed;
  if (!is_ssh(text)) return local_location(std::string(text));
  Location location{.text = std::string(text)};
  location.is_ssh = true;
  std::string_view rest = text.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  const auto path =
      percent_decoded(slash == std::string_view::npos ? formats::vmware::volumes_root : rest.substr(slash));
  rest = rest.substr(0, slash);
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    const auto user = percent_decoded(rest.substr(0, at));
    if (!user || user->empty()) return malformed;
    location.user = *user;
    rest = rest.substr(at + 1);
  }
  if (!path || !read_authority(rest, location)) return malformed;
  location.path = *path == "/" ? std::string(formats::vmware::volumes_root) : *path;
  return location;
}

Location local_location(std::string path) {
  Location location{.path = std::move(path)};
  location.text = location.path;
  return location;
}

Location inside(const Location& folder, std::string_view name) {
  Location file = folder;
  file.path = join(folder.path, name);
  // As the user wrote it, whatever of it is percent-encoded.
  file.text = join(folder.text, folder.is_ssh ? encoded(name) : std::string(name));
  return file;
}

Location beside(const Location& from, std::string_view written) {
  Location file = from;
  if (written.starts_with('/')) {
    file.path = written;
    file.text = location_text(file);
    return file;
  }
  file.path = parent_of(from.path);
  file.text = parent_of(from.text);
  file = inside(file, written);
  if (!from.path.starts_with('/') || file.path.starts_with('/')) return file;
  file.path.insert(file.path.begin(), '/');
  if (!file.is_ssh) file.text = file.path;
  return file;
}

bool is_ssh(std::string_view text) { return text.starts_with(scheme); }

std::string encoded(std::string_view path) { return with_reserved(path, "%"); }

std::string location_text(const Location& location) {
  if (!location.is_ssh) return location.path;
  const bool is_ipv6 = location.host.find(':') != std::string::npos;
  std::string out(scheme);
  if (!location.user.empty()) out += with_reserved(location.user, "%@:/") + "@";
  out += is_ipv6 ? "[" + with_reserved(location.host, "%") + "]" : with_reserved(location.host, "%@:/[");
  if (location.port) out += ":" + std::to_string(*location.port);
  return out + encoded(location.path);
}

}  // namespace cbtctl::storage
