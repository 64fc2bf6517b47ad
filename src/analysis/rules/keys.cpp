// The CBT keys of a .vmx as they are written, at both levels.
#include <algorithm>

#include "analysis/subject.h"

namespace cbtctl::analysis {
namespace {

using formats::text::lower;
using formats::vmx::Flag;

class KeyChecker {
 public:
  KeyChecker(const Subject& subject, const model::VirtualMachine& machine, Findings& out)
      : subject_(subject), machine_(machine), settings_(machine.settings), out_(out) {}

  void check() {
    check_value(settings_.ctk_enabled, {});
    check_value(settings_.ctk_disallowed, {});
    for (const model::Disk& disk : machine_.disks) check_value(disk.settings.ctk_enabled, disk.settings.slot);
    for (const Flag& flag : settings_.keys_for_missing_disks) {
      check_value(flag, {});
      raise(Code::cbt_key_for_missing_disk, flag.key, {flag.key, "a disk", {}});
    }
    for (const auto& key : settings_.misspelt_keys) raise(Code::cbt_key_misspelt, key.key, {"key", key.meant, key.key});
    if (is_true(settings_.ctk_disallowed) && !is_contradictory(*settings_.ctk_disallowed)) {
      raise(Code::cbt_disallowed, {}, {"ctkDisallowed", {}, settings_.ctk_disallowed->written});
    }
    for (const auto& duplicate : settings_.duplicates) check_duplicate(duplicate);
  }

 private:
  // What two values would decide together is not guessed.
  [[nodiscard]] bool is_contradictory(const Flag& flag) const { return settings_.contradicts_itself(flag.key); }

  Finding& raise(Code code, const std::string& key, Evidence evidence) {
    Finding finding = about(code, subject_, machine_.file);
    finding.key = lower(key);
    finding.evidence.push_back(std::move(evidence));
    return out_.found.emplace_back(std::move(finding));
  }

  void check_value(const std::optional<Flag>& flag, const std::string& slot) {
    if (!flag || flag->value || is_contradictory(*flag)) return;
    raise(Code::cbt_key_malformed, flag->key, {flag->key, "TRUE or FALSE", flag->written}).slot = slot;
  }

  void check_duplicate(const formats::vmx::DuplicateKey& duplicate) {
    std::string values;
    for (const std::string& value : duplicate.values) values += (values.empty() ? "" : ", ") + value;
    raise(Code::vmx_duplicate_key, duplicate.key, {duplicate.key, "one value", values});
  }

  const Subject& subject_;
  const model::VirtualMachine& machine_;
  const formats::vmx::Configuration& settings_;
  Findings& out_;
  std::vector<std::string> contradictory_;
};

}  // namespace

void check_keys(const Subject& subject, Findings& out) {
  for (const model::VirtualMachine& machine : subject.datastore.virtual_machines) {
    if (!machine.unreadable) KeyChecker(subject, machine, out).check();
  }
}

}  // namespace cbtctl::analysis
