// What is offered to a server, and what a server offers, read from the clear text that begins every connection: its
// version line and its KEXINIT packet (RFC 4253, sections 4.2, 6 and 7.1). libssh2 keeps none of it, and a message that
// names no algorithm helps nobody.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbtctl::storage {

struct OfferedAlgorithms {
  std::string version;  // "SSH-2.0-OpenSSH_9.2"
  std::vector<std::string> key_exchange;
  std::vector<std::string> host_key;
  std::vector<std::string> cipher;  // client to server
  std::vector<std::string> mac;     // client to server
};

// Nothing where `received` does not hold both, or is no SSH.
[[nodiscard]] std::optional<OfferedAlgorithms> offered_algorithms(std::string_view received);

// What libssh2 supports and ssh would offer (`allowed`), those that are preferred first. What is no algorithm but goes
// in the same list (ext-info-c, kex-strict-c-...) stays.
[[nodiscard]] std::vector<std::string> algorithms_to_offer(const std::vector<std::string>& supported,
                                                           const std::vector<std::string>& allowed,
                                                           const std::vector<std::string>& preferred);

// The same for host keys; the types that are `known` for the host come first. Where RSA keys are allowed and libssh2
// can have them sign with SHA-1 alone (before 1.11), they do.
[[nodiscard]] std::vector<std::string> host_keys_to_offer(const std::vector<std::string>& supported,
                                                          std::vector<std::string> allowed,
                                                          const std::vector<std::string>& known);

}  // namespace cbtctl::storage
