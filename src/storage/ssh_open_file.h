// One file of a host on its queue's thread: found, opened, read in ranges, closed. By SFTP, whose channel is opened
// again where the shell's was in between.
#pragma once

#include <functional>
#include <memory>
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

// Ranges of a file, behind one another into `out`, which has room for just these and lives until `done` is called.
struct SshRead {
  std::vector<formats::core::ByteRange> ranges;
  std::span<std::byte> out;
  std::function<void(const Status&)> done;
};

// Reads of one file that are under way together. `file` is opened anew where its handle is void, and must have its size
// still.
class SshReads {
 public:
  SshReads(SshHost& host, const std::string& path, OpenFile& file);
  SshReads(const SshReads&) = delete;
  SshReads& operator=(const SshReads&) = delete;
  ~SshReads();

  void begin(SshRead read);
  // Calls `done` of those that end, until `is_done`, or none is left.
  void run(const std::function<bool()>& is_done = {});
  [[nodiscard]] bool is_empty() const { return under_way_.empty(); }

 private:
  class UnderWay;
  [[nodiscard]] Status reach();
  void end(const Error* error);

  SshHost& host_;
  const std::string& path_;
  OpenFile& file_;
  SshSftp* channel_ = nullptr;
  std::vector<std::unique_ptr<UnderWay>> under_way_;
};

void close_now(SshHost& host, const OpenFile& file);

}  // namespace cbtctl::storage
