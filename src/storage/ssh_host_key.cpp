// The host must be the one that the user knows: known_hosts is obeyed whatever StrictHostKeyChecking says.
#include <fcntl.h>
#include <libssh2.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <mutex>

#include "formats/core/joined.h"
#include "formats/core/path.h"
#include "log/log.h"
#include "storage/ssh_known_hosts.h"
#include "storage/ssh_state.h"

namespace cbtctl::storage {
namespace {

using formats::core::parent_of;
using formats::core::Status;
using formats::core::success;
using State = SshSession::State;

const std::string& filed_under(const SshSettings& settings) {
  return settings.host_key_alias.empty() ? settings.host_name : settings.host_key_alias;
}

// An alias is filed without a port.
unsigned filed_port(const SshSettings& settings) { return settings.host_key_alias.empty() ? settings.port : 22; }

KnownHosts read_known_hosts(const SshSettings& settings) {
  KnownHosts known;
  for (const auto* files : {&settings.user_known_hosts, &settings.global_known_hosts}) {
    for (const std::string& path : *files) {
      std::ifstream file(path, std::ios::binary);
      known.add(std::string{std::istreambuf_iterator<char>(file), {}}, path);
    }
  }
  return known;
}

// One write at the end of the file, so that several hosts at once do not mix their lines.
Status remember(const SshSettings& settings, const HostKey& key) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (settings.user_known_hosts.empty()) return Error{ErrorKind::usage, "ssh_config names no UserKnownHostsFile"};
  const std::string& path = settings.user_known_hosts.front();
  std::array<char, 20> salt{};
  const bool hashed = settings.hash_known_hosts && ::getrandom(salt.data(), salt.size(), 0) == ssize_t{salt.size()};
  std::string line = known_hosts_line(filed_under(settings), filed_port(settings), key,
                                      hashed ? std::string_view(salt.data(), salt.size()) : std::string_view{});
  ::mkdir(std::string(parent_of(path)).c_str(), 0700);
  const Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) return error_of(errno).in(path);
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  char last = '\n';
  if (end > 0 && ::pread(file.get(), &last, 1, end - 1) == 1 && last != '\n') line.insert(line.begin(), '\n');
  if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return error_of(errno).in(path);
  return success();
}

Status not_known(State& state, const KnownHosts& known, const HostKey& key) {
  const std::string shown = key.type + " " + fingerprint(key);
  if (state.options.accept_new_host_key) {
    const Status remembered = remember(state.settings, key);
    if (!remembered) return remembered.error().in(state.who + ": the new host key cannot be remembered");
    log::warning(state.who + ": the new host key " + shown + " is accepted and remembered");
    return success();
  }
  std::string others;
  for (const std::string& type : known.types_of(filed_under(state.settings), filed_port(state.settings))) {
    others += (others.empty() ? " (known for this host: " : ", ") + type;
  }
  if (!others.empty()) others += ")";
  return state.error(ErrorKind::denied, "the host key is not known: " + shown + others +
                                            "; compare it with what the host itself says (ssh-keygen -l), then run "
                                            "again with --accept-new-host-key");
}

}  // namespace

std::vector<std::string> known_key_types(const SshSettings& settings) {
  return read_known_hosts(settings).types_of(filed_under(settings), filed_port(settings));
}

Status check_host_key(State& state) {
  std::size_t length = 0;
  int type = 0;
  const char* bytes = libssh2_session_hostkey(state.session, &length, &type);
  const auto key = bytes == nullptr ? std::nullopt : host_key_of({bytes, length});
  if (!key) return state.error(ErrorKind::unavailable, "the host shows no key");
  const SshSettings& settings = state.settings;
  state.identity = settings.host_name + ":" + std::to_string(settings.port) + " " + fingerprint(*key);
  const KnownHosts known = read_known_hosts(settings);
  const auto found = known.find(filed_under(settings), filed_port(settings), *key);
  const std::string shown = key->type + " " + fingerprint(*key);
  switch (found.verdict) {
    case KnownHosts::Verdict::known:
      return success();
    case KnownHosts::Verdict::changed:
      return state.error(ErrorKind::denied, "THE HOST KEY HAS CHANGED: " + found.where +
                                                " knows another, the host shows " + shown +
                                                "; either the host was installed anew, or someone stands between. "
                                                "Find out which, and correct that line yourself");
    case KnownHosts::Verdict::revoked:
      return state.error(ErrorKind::denied, "the host key " + shown + " is revoked by " + found.where);
    case KnownHosts::Verdict::unknown:
      break;
  }
  return not_known(state, known, *key);
}

}  // namespace cbtctl::storage
