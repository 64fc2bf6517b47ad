// One file of a host, read by SFTP: any range at any time, ahead of a reader who goes from front to back.
#pragma once

#include <memory>
#include <string>

#include "storage/ssh_host.h"
#include "storage/ssh_queue.h"
#include "storage/ssh_reader.h"
#include "storage/ssh_second_line.h"

namespace cbtctl::storage {

// `path` is relative to the host's root. Waits for the host. The source may outlive none of the three. Of a file with
// `second_from_bytes` to be read the second line reads a half.
Result<std::unique_ptr<ByteSource>> open_ssh_file(SshHost& host, SshQueue& queue, SshSecondLine& second,
                                                  std::uint64_t second_from_bytes, const std::string& path);

// What lies there, links followed; what does not exist is `missing`.
Result<SshFound> find_ssh_file(SshHost& host, SshQueue& queue, const std::string& path);

}  // namespace cbtctl::storage
