// storage::Commands on this machine: runs scripts by BusyBox' shell with a folder of made-up commands before all
// others, so that the scripts of a host can be tested without one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "storage/commands.h"

namespace support {

class ShellCommands final : public cbtctl::storage::Commands {
 public:
  ShellCommands();
  ~ShellCommands() override;
  ShellCommands(const ShellCommands&) = delete;
  ShellCommands& operator=(const ShellCommands&) = delete;

  // From now on there is a command of this name: a shell script.
  void install(const std::string& name, const std::string& script);

  [[nodiscard]] cbtctl::storage::PendingOutput run(std::string_view script,
                                                   std::vector<std::string> arguments) override;

  int runs = 0;

 private:
  std::filesystem::path folder_;
};

}  // namespace support
