// The line to a host: a TCP connection, or a ProxyCommand or jump host that carries it.
#pragma once

#include <chrono>
#include <string>

#include "storage/child_process.h"
#include "storage/local_file.h"
#include "storage/ssh_settings.h"

namespace cbtctl::storage {

struct SshConnection {
  ChildProcess proxy;  // empty where the line is direct; ends after the socket is closed
  Descriptor socket;   // does not block
};

// Every address of the name is tried, IPv6 and IPv4, within `limit` each. `unavailable`: unknown name, unreachable,
// refused, no answer in time; the message says which, for which address.
Result<SshConnection> connect_ssh(const SshSettings& settings, const std::string& config_file,
                                  std::chrono::milliseconds limit);

}  // namespace cbtctl::storage
