// What the operations of one connection cost after the login, for tests and the bench.
#pragma once

#include <atomic>
#include <cstdint>

namespace cbtctl::storage {

struct SshCounters {
  std::atomic<std::uint64_t> requests{0};          // scripts run, SFTP packets sent
  std::atomic<std::uint64_t> waits{0};             // times when nothing could go on before the host answered
  std::atomic<std::uint64_t> most_outstanding{0};  // requests without their answer, at the same time
  std::atomic<std::uint64_t> bytes_received{0};
};

}  // namespace cbtctl::storage
