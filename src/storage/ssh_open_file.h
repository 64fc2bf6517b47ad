// One file of a host on its queue's thread: found, opened, read in ranges, closed. By SFTP, whose channel is opened
// again where the shell's was in between.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "storage/ssh_host.h"
#include "storage/ssh_reader.h"

namespace cbtctl::storage {

struct OpenFile {
  std::string handle;
  unsigned generation = 0;  // of the SFTP channel that knows the handle
  std::uint64_t size_bytes = 0;
};

Result<SshFound> find_now(SshHost& host, const std::string& path);
Result<OpenFile> open_now(SshHost& host, const std::string& path);

// All ranges, under way together, behind one another into `out`, which has room for just these. `file` is opened anew
// where its handle is void, and must have its size still.
[[nodiscard]] Status read_now(SshHost& host, const std::string& path, OpenFile& file,
                              const std::vector<formats::core::ByteRange>& ranges, std::span<std::byte> out);

void close_now(SshHost& host, const OpenFile& file);

}  // namespace cbtctl::storage
