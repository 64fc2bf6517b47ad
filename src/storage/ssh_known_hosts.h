// known_hosts of OpenSSH: is this the key that the user knows for this host? Text and bytes alone, no connection.
// Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT": plain, pattern, [host]:port and hashed names; @revoked is obeyed,
// @cert-authority is passed over (libssh2 knows no certificates).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbtctl::storage {

struct HostKey {
  std::string type;  // "ecdsa-sha2-nistp256", the first string of the blob
  std::string blob;  // as on the wire
};

// The type is read from the blob; nothing where it is no key.
[[nodiscard]] std::optional<HostKey> host_key_of(std::string blob);

// "SHA256:" and base64 without padding, as `ssh-keygen -l` prints it.
[[nodiscard]] std::string fingerprint(const HostKey& key);

class KnownHosts {
 public:
  enum class Verdict { known, unknown, changed, revoked };
  struct Found {
    Verdict verdict = Verdict::unknown;
    std::string where;  // "file:line" of the entry that decides; empty for unknown
  };

  // Lines that are none are skipped. `file` is what `where` names.
  void add(std::string_view text, const std::string& file);

  // `host` is a host name, an address or a HostKeyAlias. Changed: another key of the same type is known. A host on
  // another port than 22 that is not filed with it is the one that is filed without, as for OpenSSH, if that has this
  // key.
  [[nodiscard]] Found find(std::string_view host, unsigned port, const HostKey& key) const;

  // The types of key known for the host, to ask the host for one of these; of the name without its port where that
  // alone is filed.
  [[nodiscard]] std::vector<std::string> types_of(std::string_view host, unsigned port) const;

 private:
  struct Entry {
    bool revoked = false;
    std::string hosts;
    HostKey key;
    std::string where;
  };
  [[nodiscard]] Found find_filed(const std::string& name, const HostKey& key) const;
  [[nodiscard]] std::vector<std::string> types_filed(const std::string& name) const;

  std::vector<Entry> entries_;
};

// The line that ssh would add for the key, with its newline. With a salt of 20 bytes the name is hashed.
[[nodiscard]] std::string known_hosts_line(std::string_view host, unsigned port, const HostKey& key,
                                           std::string_view salt = {});

}  // namespace cbtctl::storage
