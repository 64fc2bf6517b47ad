#include "tests/support/shell_commands.h"

#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace support {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "cbtctl-shell-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  return name;
}

}  // namespace

ShellCommands::ShellCommands() : folder_(new_folder()) { fs::create_directory(folder_ / "bin"); }
ShellCommands::~ShellCommands() { fs::remove_all(folder_); }

void ShellCommands::install(const std::string& name, const std::string& script) {
  std::ofstream(folder_ / "bin" / name) << "#!/bin/sh\n" << script;
  fs::permissions(folder_ / "bin" / name, fs::perms::owner_all);
}

cbtctl::storage::PendingOutput ShellCommands::run(std::string_view script, std::vector<std::string> arguments) {
  ++runs;
  std::ofstream(folder_ / "script") << script;
  std::ofstream(folder_ / "arguments") << [&] {
    std::string all;
    for (const std::string& argument : arguments) all.append(argument).push_back('\0');
    return all;
  }();
  const std::string run =
      "cd " + folder_.string() + " && export LC_ALL=C PATH=" + folder_.string() + "/bin:/usr/bin:/bin && " +
      (arguments.empty() ? "busybox sh ./script </dev/null" : "xargs -0 -n 3 busybox sh ./script <arguments") +
      " >output 2>errors";
  const int status = std::system(run.c_str());
  const cbtctl::storage::CommandOutput output{
      .output = slurp(folder_ / "output"), .errors = slurp(folder_ / "errors"), .exit_status = WEXITSTATUS(status)};
  return cbtctl::storage::PendingOutput([output] { return output; });
}

}  // namespace support
