#include "storage/ssh_connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace cbtctl::storage {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Error unavailable(std::string message) { return {ErrorKind::unavailable, std::move(message)}; }

std::string address_text(const addrinfo& address) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  ::getnameinfo(address.ai_addr, address.ai_addrlen, host.data(), host.size(), port.data(), port.size(),
                NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string name = host.data();
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + port.data();
}

std::string reason_of(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "the connection is refused: is SSH switched on there?";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "the host is unreachable";
    case ETIMEDOUT:
      return "no answer in time";
    default:
      return std::generic_category().message(number);
  }
}

Result<Addresses> look_up(const SshSettings& settings) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(settings.host_name.c_str(), std::to_string(settings.port).c_str(), &hints, &list);
  if (error != 0) return unavailable("the name " + settings.host_name + " is unknown: " + ::gai_strerror(error));
  return Addresses(list);
}

// 0, or an errno.
int finish_connect(const Descriptor& socket, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return ETIMEDOUT;
    pollfd waiting{socket.get(), POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
  }
}

Result<Descriptor> connect_to(const addrinfo& address, std::chrono::milliseconds limit) {
  Descriptor socket(
      ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  int error = socket.is_open() ? 0 : errno;
  if (error == 0 && ::connect(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
    error = errno == EINPROGRESS ? finish_connect(socket, limit) : errno;
  }
  if (error != 0) return unavailable(address_text(address) + ": " + reason_of(error));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

Result<SshConnection> connect_directly(const SshSettings& settings, std::chrono::milliseconds limit) {
  const auto addresses = look_up(settings);
  if (!addresses) return addresses.error();
  std::string reasons;
  for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    auto socket = connect_to(*address, limit);
    if (socket) return SshConnection{{}, std::move(*socket)};
    reasons += (reasons.empty() ? "" : "; ") + socket.error().message;
  }
  return unavailable(reasons);
}

Result<SshConnection> connect_through(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return error_of(errno);
  Descriptor ours(ends[0]);
  const Descriptor theirs(ends[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  auto proxy = start_program(command, theirs);
  if (!proxy) return proxy.error();
  return SshConnection{std::move(*proxy), std::move(ours)};
}

}  // namespace

Result<SshConnection> connect_ssh(const SshSettings& settings, const std::string& config_file,
                                  std::chrono::milliseconds limit) {
  if (!settings.proxy_command.empty()) {
    const auto command = expanded_proxy_command(settings);
    if (!command) return command.error();
    return connect_through({"/bin/sh", "-c", "exec " + *command});
  }
  if (!settings.proxy_jump.empty()) return connect_through(jump_command(settings, config_file));
  return connect_directly(settings, limit);
}

}  // namespace cbtctl::storage
