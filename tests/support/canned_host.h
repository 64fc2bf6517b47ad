// A host in memory: what it answers to the scripts of src/host is set by the test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/scripts.h"
#include "storage/commands.h"

namespace support {

class CannedHost final : public cbtctl::storage::Commands {
 public:
  std::map<std::string, std::string> answers{
      {"version", "VMware ESXi 7.0.3 build-20328353\n"},
      {"machines", "Vmid  Name  File  Guest OS  Version  Annotation\n"},
      {"running", ""},
      {"tasks", "(ManagedObjectReference) []\n"},
      {"volumes", "Mount Point  Volume Name  UUID  Mounted  Type  Size  Free\n"}};
  std::map<std::string, int> lock_modes;  // by path; 9: the host does not tell
  std::vector<std::string> asked_locks;   // paths, in order
  int runs = 0;
  bool is_gone = false;

  void has(const std::string& id, const std::string& path) {  // "[ds1] a/a.vmx"
    answers["machines"] += id + "   name   " + path + "   guest   vmx-13\n";
  }
  void runs_machine(const std::string& path) {  // absolute
    answers["running"] +=
        "x\n   World ID: 1\n   Process ID: 0\n   VMX Cartel ID: 1\n   UUID: 0\n   Display Name: x\n"
        "   Config File: " +
        path + "\n\n";
  }
  void mounts(const std::string& name, const std::string& uuid, const std::string& type = "VMFS-6") {
    answers["volumes"] += "/vmfs/volumes/" + uuid + "  " + name + "  " + uuid + "  true  " + type + "  9  5\n";
  }

  [[nodiscard]] cbtctl::storage::PendingOutput run(std::string_view script,
                                                   std::vector<std::string> arguments) override {
    ++runs;
    const auto answer = answer_to(script, arguments);
    return cbtctl::storage::PendingOutput([answer] { return answer; });
  }

 private:
  formats::core::Result<cbtctl::storage::CommandOutput> answer_to(std::string_view script,
                                                                  const std::vector<std::string>& arguments) {
    if (is_gone) return formats::core::Error{formats::core::ErrorKind::unavailable, "the line is lost"};
    return script == cbtctl::host::facts_script ? facts(arguments.front()) : locks(arguments);
  }
  static std::string framed(const std::string& word, const std::string& question, const std::string& text, int status) {
    return "\n" + word + " ask " + question + "\n" + text + "\n" + word + " end " + std::to_string(status) + "\n";
  }
  cbtctl::storage::CommandOutput facts(const std::string& word) const {
    std::string output;
    for (const auto& [name, text] : answers) output += framed(word, name + " ask-" + name, text, 0);
    return {.output = output, .errors = {}};
  }
  cbtctl::storage::CommandOutput locks(const std::vector<std::string>& arguments) {
    std::string output;
    for (const std::string& argument : arguments) {
      const std::string path = argument.substr(argument.find('/'));
      asked_locks.push_back(path);
      const int mode = lock_modes.contains(path) ? lock_modes[path] : 0;
      const std::string owner = mode == 0 ? "000000000000" : "005056aabbcc";
      const std::string text = "Lock [type 1 offset 2\ngen 2, mode " + std::to_string(mode) +
                               ", owner 00000000-00000000-0000-" + owner + " mtime 1\nnum 0]\n";
      output += framed(argument.substr(0, argument.find('/')), "lock vmkfstools -D", mode == 9 ? "" : text,
                       mode == 9 ? 255 : 0);
    }
    return {.output = output, .errors = {}};
  }
};

}  // namespace support
