#include "storage/ssh_known_hosts.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "formats/core/base64.h"

namespace cbtctl::storage {
namespace {

const std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::string hmac_sha1(std::string_view salt, std::string_view name) {
  hmac_sha1_ctx context;
  nettle_hmac_sha1_set_key(&context, salt.size(), bytes_of(salt));
  nettle_hmac_sha1_update(&context, name.size(), bytes_of(name));
  std::array<std::uint8_t, SHA1_DIGEST_SIZE> digest{};
  nettle_hmac_sha1_digest(&context, digest.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Under which name a host is filed.
std::string filed_name(std::string_view host, unsigned port) {
  const std::string name = lower(host);
  return port == 22 ? name : "[" + name + "]:" + std::to_string(port);
}

// '*' any run, '?' any one; after each mismatch the last '*' takes one more.
bool matches_pattern(std::string_view name, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (at < name.size()) {
    if (in_pattern < pattern.size() && (pattern[in_pattern] == '?' || pattern[in_pattern] == name[at])) {
      ++at;
      ++in_pattern;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      resume = at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

bool matches_hash(std::string_view name, std::string_view hashed) {
  const std::size_t bar = hashed.find('|', 3);
  if (bar == std::string_view::npos) return false;
  const auto salt = formats::core::from_base64(hashed.substr(3, bar - 3));
  const auto digest = formats::core::from_base64(hashed.substr(bar + 1));
  return salt && digest && hmac_sha1(*salt, name) == *digest;
}

// A list with commas; one "!pattern" that matches takes the whole line out.
bool matches_hosts(std::string_view name, std::string_view hosts) {
  if (hosts.starts_with("|1|")) return matches_hash(name, hosts);
  bool found = false;
  while (!hosts.empty()) {
    const std::size_t end = std::min(hosts.find(','), hosts.size());
    std::string pattern = lower(hosts.substr(0, end));
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
    const bool excludes = pattern.starts_with('!');
    if (excludes) pattern.erase(0, 1);
    if (!matches_pattern(name, pattern)) continue;
    if (excludes) return false;
    found = true;
  }
  return found;
}

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<HostKey> host_key_of(std::string blob) {
  if (blob.size() < 4) return std::nullopt;
  const auto* bytes = bytes_of(blob);
  const std::size_t length =
      std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 | std::size_t{bytes[2]} << 8 | std::size_t{bytes[3]};
  if (length == 0 || length > 64 || length > blob.size() - 4) return std::nullopt;
  std::string type = blob.substr(4, length);
  return HostKey{std::move(type), std::move(blob)};
}

std::string fingerprint(const HostKey& key) {
  sha256_ctx context;
  nettle_sha256_init(&context);
  nettle_sha256_update(&context, key.blob.size(), bytes_of(key.blob));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  nettle_sha256_digest(&context, digest.size(), digest.data());
  std::string text = formats::core::to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return "SHA256:" + text;
}

void KnownHosts::add(std::string_view text, const std::string& file) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view word = next_word(line);
    if (word.empty() || word.starts_with('#')) continue;
    Entry entry{.revoked = word == "@revoked"};
    if (word.starts_with('@')) {
      if (!entry.revoked) continue;
      word = next_word(line);
    }
    entry.hosts = word;
    const std::string_view type = next_word(line);
    auto blob = formats::core::from_base64(next_word(line));
    auto key = blob ? host_key_of(std::move(*blob)) : std::nullopt;
    if (!key || key->type != type) continue;
    entry.key = std::move(*key);
    entry.where = file + ":" + std::to_string(number);
    entries_.push_back(std::move(entry));
  }
}

// Another key under the name alone is that of another server: the host stays unknown.
KnownHosts::Found KnownHosts::find(std::string_view host, unsigned port, const HostKey& key) const {
  Found found = find_filed(filed_name(host, port), key);
  if (found.verdict != Verdict::unknown || port == 22) return found;
  Found without_port = find_filed(filed_name(host, 22), key);
  return without_port.verdict == Verdict::changed ? found : without_port;
}

KnownHosts::Found KnownHosts::find_filed(const std::string& name, const HostKey& key) const {
  Found found;
  for (const Entry& entry : entries_) {
    const bool same_key = entry.key.blob == key.blob;
    if (!matches_hosts(name, entry.hosts)) continue;
    if (entry.revoked && same_key) return {Verdict::revoked, entry.where};
    if (entry.revoked || found.verdict == Verdict::known) continue;
    if (same_key) found = {Verdict::known, entry.where};
    if (entry.key.type == key.type && found.verdict == Verdict::unknown) found = {Verdict::changed, entry.where};
  }
  return found;
}

std::vector<std::string> KnownHosts::types_of(std::string_view host, unsigned port) const {
  auto types = types_filed(filed_name(host, port));
  return types.empty() ? types_filed(filed_name(host, 22)) : types;
}

std::vector<std::string> KnownHosts::types_filed(const std::string& name) const {
  std::vector<std::string> types;
  for (const Entry& entry : entries_) {
    if (!entry.revoked && matches_hosts(name, entry.hosts)) types.push_back(entry.key.type);
  }
  return types;
}

std::string known_hosts_line(std::string_view host, unsigned port, const HostKey& key, std::string_view salt) {
  std::string name = filed_name(host, port);
  if (!salt.empty())
    name = "|1|" + formats::core::to_base64(salt) + "|" + formats::core::to_base64(hmac_sha1(salt, name));
  return name + " " + key.type + " " + formats::core::to_base64(key.blob) + "\n";
}

}  // namespace cbtctl::storage
