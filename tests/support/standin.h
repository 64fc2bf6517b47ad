// A stand-in for an ESXi host (tools/esxi-standin), started when a test first asks for it and stopped when the program
// ends. Takes root.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "storage/ssh_host.h"
#include "storage/ssh_reader.h"

namespace support {

class Standin {
 public:
  static Standin& instance();

  // The stand-in's root folder, as this machine sees it.
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  // `folder` is absolute, on the stand-in. Fails the test where it does not open.
  [[nodiscard]] cbtctl::storage::SshPlace open(const std::string& folder,
                                               cbtctl::storage::SshTransport transport) const;
  [[nodiscard]] cbtctl::storage::SshPlace open(const std::string& folder, cbtctl::storage::SshOptions options) const;
  // A connection without a reader around it, to `/` by SFTP.
  [[nodiscard]] std::unique_ptr<cbtctl::storage::SshHost> connect() const;
  [[nodiscard]] const std::string& ssh_config() const { return ssh_config_; }

 private:
  Standin();
  ~Standin();

  std::filesystem::path folder_;
  std::filesystem::path root_;
  std::string ssh_config_;
};

}  // namespace support
