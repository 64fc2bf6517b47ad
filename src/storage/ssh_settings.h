// How a host is reached, as the user's own ssh_config has it: `ssh -G` is asked, ssh_config is never parsed here.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/core/result.h"
#include "storage/location.h"

namespace cbtctl::storage {

// What ssh would offer a host; the defaults are those of OpenSSH 9.
struct AllowedAlgorithms {
  std::vector<std::string> key_exchange{"curve25519-sha256",
                                        "curve25519-sha256@libssh.org",
                                        "ecdh-sha2-nistp256",
                                        "ecdh-sha2-nistp384",
                                        "ecdh-sha2-nistp521",
                                        "diffie-hellman-group-exchange-sha256",
                                        "diffie-hellman-group16-sha512",
                                        "diffie-hellman-group18-sha512",
                                        "diffie-hellman-group14-sha256"};
  std::vector<std::string> host_key{"ssh-ed25519",         "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                    "ecdsa-sha2-nistp521", "rsa-sha2-512",        "rsa-sha2-256"};
  std::vector<std::string> cipher{
      "chacha20-poly1305@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-gcm@openssh.com",
      "aes256-gcm@openssh.com"};
  std::vector<std::string> mac{"hmac-sha2-256-etm@openssh.com",
                               "hmac-sha2-512-etm@openssh.com",
                               "hmac-sha1-etm@openssh.com",
                               "hmac-sha2-256",
                               "hmac-sha2-512",
                               "hmac-sha1"};
};

struct SshSettings {
  std::string alias;      // as the user wrote the host
  std::string host_name;  // what is connected to
  unsigned port = 22;
  std::string user;
  std::vector<std::string> identity_files;  // private keys; some may not exist
  bool identities_only = false;             // nothing of the agent but these
  std::string identity_agent;               // its socket; empty: SSH_AUTH_SOCK; "none": no agent
  std::vector<std::string> user_known_hosts;
  std::vector<std::string> global_known_hosts;
  std::string host_key_alias;                     // looked up in known_hosts in the place of the name; may be empty
  bool hash_known_hosts = false;                  // how a new entry is written
  std::string proxy_command;                      // a shell command with its % tokens; empty: none
  std::string proxy_jump;                         // "user@first:22,last"; empty: none
  std::optional<unsigned> connect_limit_seconds;  // ConnectTimeout
  AllowedAlgorithms algorithms;                   // Ciphers, MACs, KexAlgorithms, HostKeyAlgorithms
};

// Whose account on which host: the same for all targets there, and before anything is connected ("root@10.0.0.1:22").
[[nodiscard]] std::string account_of(const SshSettings& settings);

// What `ssh -G` printed. Unknown lines are skipped; what is absent keeps its default.
[[nodiscard]] SshSettings parse_ssh_settings(std::string_view text);

// Settings without an ssh program: the defaults of OpenSSH for this user.
[[nodiscard]] SshSettings default_ssh_settings(const Location& location);

// Asks `ssh -G` with the location's user and port before those of ssh_config. `config_file` stands in for the user's
// and the system's ssh_config where it is not empty. Where no ssh is installed: the defaults. `usage`: ssh_config is
// wrong, and what ssh says of it; `unavailable`: nothing is answered within `limit` (a `Match exec` that hangs).
formats::core::Result<SshSettings> ask_ssh_settings(const Location& location, const std::string& config_file,
                                                    std::chrono::seconds limit);

// A command with %h, %n, %p, %r and %% filled in; `usage` where a name that would go in could mean something to a
// shell.
formats::core::Result<std::string> expanded_proxy_command(const SshSettings& settings);

// ssh's own command line that carries the connection through the jump hosts: `ssh -W host:port -J first last`.
[[nodiscard]] std::vector<std::string> jump_command(const SshSettings& settings, const std::string& config_file);

}  // namespace cbtctl::storage
