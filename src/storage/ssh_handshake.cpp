// The agreement on algorithms, and why there is none: libssh2 tells no more than that it failed.
#include <libssh2.h>

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

// The lists that have nothing in common; empty where the handshake failed for another reason.
std::string disagreement(State& state) {
  const auto offered = offered_algorithms(state.first_bytes);
  if (!offered) return {};
  struct Kind {
    const char* name;
    int method;
    const std::vector<std::string>& theirs;
  };
  for (const Kind& kind :
       {Kind{"key exchange", LIBSSH2_METHOD_KEX, offered->key_exchange},
        Kind{"host key", LIBSSH2_METHOD_HOSTKEY, offered->host_key},
        Kind{"cipher", LIBSSH2_METHOD_CRYPT_CS, offered->cipher}, Kind{"MAC", LIBSSH2_METHOD_MAC_CS, offered->mac}}) {
    const auto ours = state.supported(kind.method);
    if (share_one(ours, kind.theirs)) continue;
    std::string text = std::string("no common algorithm for ") + kind.name + ": the host offers " +
                       listed(kind.theirs) + "; libssh2 " + libssh2_version(0) + " has " + listed(ours);
    if (kind.method == LIBSSH2_METHOD_HOSTKEY && share_one({"rsa-sha2-256", "rsa-sha2-512"}, kind.theirs)) {
      text += ". libssh2 1.11 can use the host's RSA key with SHA-2; a host with an ECDSA key works today";
    }
    return text;
  }
  return {};
}

}  // namespace

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
