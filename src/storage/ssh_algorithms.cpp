#include "storage/ssh_algorithms.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cbtctl::storage {
namespace {

constexpr unsigned char kexinit = 20;
constexpr std::size_t cookie_bytes = 16;
constexpr std::size_t most_packet_bytes = 35000;

// Big-endian, taken from the front; nothing where the text ends before.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(text[i]);
  text.remove_prefix(4);
  return value;
}

std::optional<std::vector<std::string>> take_names(std::string_view& text) {
  const auto length = take_number(text);
  if (!length || *length > text.size()) return std::nullopt;
  std::string_view list = text.substr(0, *length);
  text.remove_prefix(*length);
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    names.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

// Other lines may stand before it.
std::optional<std::string> take_version(std::string_view& text) {
  for (;;) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string line(text.substr(0, end));
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("SSH-")) return line;
  }
}

// The payload of the first packet, which nothing encrypts yet.
std::optional<std::string_view> take_packet(std::string_view text) {
  const auto length = take_number(text);
  if (!length || *length > most_packet_bytes || *length > text.size() || *length < 2) return std::nullopt;
  const auto padding = static_cast<unsigned char>(text[0]);
  if (padding + std::size_t{1} > *length) return std::nullopt;
  return text.substr(1, *length - padding - 1);
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_announcement(std::string_view name) { return name.starts_with("ext-info-") || name.starts_with("kex-strict-"); }

bool is_rsa_with_sha2(const std::string& type) { return type == "rsa-sha2-256" || type == "rsa-sha2-512"; }

}  // namespace

std::optional<OfferedAlgorithms> offered_algorithms(std::string_view received) {
  OfferedAlgorithms offered;
  auto version = take_version(received);
  if (!version) return std::nullopt;
  offered.version = std::move(*version);
  auto packet = take_packet(received);
  if (!packet || packet->size() < 1 + cookie_bytes || static_cast<unsigned char>(packet->front()) != kexinit) {
    return std::nullopt;
  }
  packet->remove_prefix(1 + cookie_bytes);
  std::vector<std::string> from_server_cipher;
  const std::array<std::vector<std::string>*, 5> lists{&offered.key_exchange, &offered.host_key, &offered.cipher,
                                                       &from_server_cipher, &offered.mac};
  for (auto* list : lists) {
    auto names = take_names(*packet);
    if (!names) return std::nullopt;
    *list = std::move(*names);
  }
  return offered;
}

std::vector<std::string> algorithms_to_offer(const std::vector<std::string>& supported,
                                             const std::vector<std::string>& allowed,
                                             const std::vector<std::string>& preferred) {
  std::vector<std::string> offered;
  for (const auto* list : {&preferred, &supported}) {
    for (const std::string& name : *list) {
      const bool may_be = has(supported, name) && (has(allowed, name) || is_announcement(name));
      if (may_be && !has(offered, name)) offered.push_back(name);
    }
  }
  return offered;
}

std::vector<std::string> host_keys_to_offer(const std::vector<std::string>& supported, std::vector<std::string> allowed,
                                            const std::vector<std::string>& known) {
  const bool has_sha1_alone = std::none_of(supported.begin(), supported.end(), is_rsa_with_sha2);
  if (has_sha1_alone && std::any_of(allowed.begin(), allowed.end(), is_rsa_with_sha2)) allowed.emplace_back("ssh-rsa");
  auto offered = algorithms_to_offer(supported, allowed, {});
  std::stable_partition(offered.begin(), offered.end(), [&](const std::string& type) {
    return has(known, is_rsa_with_sha2(type) ? "ssh-rsa" : type);  // a key of type ssh-rsa signs as rsa-sha2-* too
  });
  return offered;
}

}  // namespace cbtctl::storage
