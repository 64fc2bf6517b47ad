// The agreement on algorithms, and why there is none: libssh2 tells no more than that it failed.
#include <libssh2.h>

#include <array>

#include "formats/core/joined.h"
#include "storage/ssh_algorithms.h"
#include "storage/ssh_state.h"

namespace cbtctl::storage {
namespace {

using formats::core::Status;
using formats::core::success;
using State = SshSession::State;

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : formats::core::joined(names, ",");
}

bool share_one(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  for (const std::string& name : ours) {
    for (const std::string& other : theirs) {
      if (name == other) return true;
    }
  }
  return false;
}

using Names = std::vector<std::string>;

struct Kind {
  const char* name;
  const char* option;  // of ssh_config
  int method;
  int method_back;  // from the server, where that is agreed on by itself
  Names OfferedAlgorithms::*offered;
  Names AllowedAlgorithms::*allowed;
};
constexpr std::array<Kind, 4> kinds{
    Kind{"key exchange", "KexAlgorithms", LIBSSH2_METHOD_KEX, LIBSSH2_METHOD_KEX, &OfferedAlgorithms::key_exchange,
         &AllowedAlgorithms::key_exchange},
    Kind{"host key", "HostKeyAlgorithms", LIBSSH2_METHOD_HOSTKEY, LIBSSH2_METHOD_HOSTKEY, &OfferedAlgorithms::host_key,
         &AllowedAlgorithms::host_key},
    Kind{"cipher", "Ciphers", LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC, &OfferedAlgorithms::cipher,
         &AllowedAlgorithms::cipher},
    Kind{"MAC", "MACs", LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC, &OfferedAlgorithms::mac,
         &AllowedAlgorithms::mac}};

// The fastest first; of key exchanges libssh2's own order.
Names preferred(int method) {
  if (method == LIBSSH2_METHOD_CRYPT_CS) {
    return {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr", "aes192-ctr"};
  }
  if (method == LIBSSH2_METHOD_MAC_CS) return {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"};
  return {};
}

Names to_offer(const State& state, const Kind& kind) {
  const Names supported = state.supported(kind.method);
  const Names& allowed = state.settings.algorithms.*kind.allowed;
  if (kind.method == LIBSSH2_METHOD_HOSTKEY)
    return host_keys_to_offer(supported, allowed, known_key_types(state.settings));
  return algorithms_to_offer(supported, allowed, preferred(kind.method));
}

// The lists that have nothing in common; empty where the handshake failed for another reason.
std::string disagreement(State& state) {
  const auto offered = offered_algorithms(state.first_bytes);
  if (!offered) return {};
  for (const Kind& kind : kinds) {
    const Names& ours = state.offered.*kind.offered;
    const Names& theirs = (*offered).*kind.offered;
    if (share_one(ours, theirs)) continue;
    std::string text = std::string("no common algorithm for ") + kind.name + ": the host offers " + listed(theirs) +
                       "; of what ssh would offer libssh2 " + libssh2_version(0) + " has " + listed(ours);
    if (kind.method == LIBSSH2_METHOD_HOSTKEY && share_one({"rsa-sha2-256", "rsa-sha2-512"}, theirs)) {
      text += ". libssh2 1.11 can use the host's RSA key with SHA-2; a host with an ECDSA key works today";
    } else if (share_one(state.supported(kind.method), theirs)) {
      text += std::string(". A weak one is offered where ssh_config asks for it (") + kind.option + " +...)";
    }
    return text;
  }
  return {};
}

}  // namespace

// libssh2 copies a text over itself to leave out of a list what it does not have: it is given what it has.
Status prefer_algorithms(State& state) {
  for (const Kind& kind : kinds) {
    Names& names = state.offered.*kind.offered;
    names = to_offer(state, kind);
    if (names.empty()) {
      return state.error(ErrorKind::usage, std::string("of ssh_config's ") + kind.option + " libssh2 " +
                                               libssh2_version(0) + " has none; it has " +
                                               listed(state.supported(kind.method)));
    }
    for (const int method : {kind.method, kind.method_back})
      libssh2_session_method_pref(state.session, method, formats::core::joined(names, ",").c_str());
  }
  return success();
}

Status shake_hands(State& state) {
  const int code = state.complete(state.connect_deadline(), [&] {
    return libssh2_session_handshake(state.session, state.connection.socket.get());
  });
  if (code == 0) {
    state.has_first = false;
    return success();
  }
  if (state.first_bytes.empty()) {
    return state.error(ErrorKind::unavailable, code == LIBSSH2_ERROR_TIMEOUT
                                                   ? "connected, but the host says nothing"
                                                   : "the host closed the connection at once");
  }
  const std::string reason = disagreement(state);
  if (!reason.empty()) return state.error(ErrorKind::unavailable, reason);
  return state.failure("the SSH handshake failed", code);
}

}  // namespace cbtctl::storage
