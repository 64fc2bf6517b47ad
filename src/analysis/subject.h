// What the rules ask: the datastore with every disk's verdict, and who uses which descriptor.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/analyzer.h"

namespace cbtctl::analysis {

// One disk of one machine, judged.
struct JudgedDisk {
  model::Index machine = 0;
  const model::Disk* disk = nullptr;
  CbtVerdict verdict;
};

struct Subject {
  const model::Datastore& datastore;
  const Opener& opener;
  std::vector<JudgedDisk> disks;
  std::vector<bool> used;     // by descriptor: a VM, a snapshot list or another descriptor uses it
  std::vector<bool> own;      // by descriptor: an own link of some disk
  std::vector<bool> foreign;  // by descriptor: a foreign link of some disk, and own of none
  std::vector<bool> running;  // by file: in the own chain of a VM that is on or suspended, or whose power is unknown
  std::set<std::string> damaged_folders;  // "target/folder" where something that names files could not be read
  bool unread_configuration = false;      // a .vmx, .vmsd or folder that could name disks anywhere
  bool unread_descriptor = false;         // a descriptor or folder that could name files anywhere

  [[nodiscard]] const model::File& file(model::Index index) const { return datastore.files[index]; }
  [[nodiscard]] const model::VirtualMachine& machine(const JudgedDisk& judged) const {
    return datastore.virtual_machines[judged.machine];
  }
  [[nodiscard]] const model::Descriptor* descriptor(const model::ChainLink& link) const {
    return link.descriptor ? &datastore.descriptors[*link.descriptor] : nullptr;
  }
  [[nodiscard]] bool is_silenced(const model::File& about) const;
};

[[nodiscard]] Subject make_subject(const model::Datastore& datastore, const Opener& opener);

// A finding about a file, with the catalogue's severity and fix.
[[nodiscard]] Finding about(Code code, const model::File& file);
// The same about a disk of a machine, whose .vmx is the path.
[[nodiscard]] Finding about(Code code, const Subject& subject, const JudgedDisk& judged);

[[nodiscard]] std::string folder_key(model::Index target, std::string_view path);
[[nodiscard]] inline bool is_true(const std::optional<formats::vmx::Flag>& flag) { return flag && flag->value == true; }
[[nodiscard]] inline bool is_false(const std::optional<formats::vmx::Flag>& flag) {
  return flag && flag->value == false;
}
// An error of the bytes themselves, and none of getting them.
[[nodiscard]] inline bool is_damage(const formats::core::Error& error) {
  return error.kind == formats::core::ErrorKind::malformed || error.kind == formats::core::ErrorKind::truncated;
}

// The rules, one file per topic in rules/.
void check_tracking_files(const Subject& subject, Findings& out);
void check_keys(const Subject& subject, Findings& out);
void check_tracking_sections(const Subject& subject, Findings& out);
void check_damage(const Subject& subject, Findings& out);
void check_chains(const Subject& subject, Findings& out);
void check_snapshots(const Subject& subject, Findings& out);
void check_extents(const Subject& subject, Findings& out);
void check_orphans(const Subject& subject, Findings& out);
void check_advisories(const Subject& subject, Findings& out);

}  // namespace cbtctl::analysis
