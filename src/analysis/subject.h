// What the rules ask: the datastore with every disk's verdict, who uses which descriptor, and whose each file is.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/analyzer.h"

namespace cbtctl::analysis {

// One disk of one machine, judged.
struct JudgedDisk {
  model::Index machine = 0;
  const model::Disk* disk = nullptr;
  CbtVerdict verdict;
};

// Whose a file is.
struct Owner {
  std::optional<model::Index> machine;
  const JudgedDisk* disk = nullptr;  // nothing: of the machine, and of no one disk
};

// A disk that has a file in its chain, `depth` links below its active one.
struct Use {
  model::Index file = 0;
  const JudgedDisk* disk = nullptr;
  std::size_t depth = 0;
};

// A snapshot of a list froze a file.
struct Freezing {
  model::Index file = 0;
  model::Index list = 0;  // of Datastore::snapshot_files
};

struct Subject {
  const model::Datastore& datastore;
  const Opener& opener;
  std::vector<JudgedDisk> disks;
  std::vector<Use> uses;            // by file
  std::vector<Freezing> freezings;  // by file
  std::vector<bool> used;           // by descriptor: a VM, a snapshot list or another descriptor uses it
  std::vector<bool> foreign;        // by descriptor: a foreign link of some disk, and own of none
  std::vector<bool> running;        // by file: in the own chain of a VM that is on, or may be
  std::vector<Owner> owners;        // by file: of .vmx and .vmsd, and of own links with their extents and CTK files
  std::unordered_map<std::string, std::optional<model::Index>> machine_of_folder;  // nothing: there are several
  std::set<model::Index> missing_disks;    // files that a .vmx names as disks, and that are not there
  std::set<std::string> awaited_data;      // of those, by disk_key: what is called after them is no orphan
  std::set<std::string> silenced_folders;  // where something that names files could not be read
  std::set<std::string> outside_disks;     // "web01-000002" of disks that are named and lie outside the scan
  std::set<std::string> object_folders;    // where disks lie in objects of vSAN or vVol
  bool unread_descriptor = false;          // a descriptor or folder that could name files anywhere was not read

  [[nodiscard]] const model::File& file(model::Index index) const { return datastore.files[index]; }
  [[nodiscard]] const model::VirtualMachine& machine(const JudgedDisk& judged) const {
    return datastore.virtual_machines[judged.machine];
  }
  [[nodiscard]] const model::Descriptor* descriptor(const model::ChainLink& link) const {
    return link.descriptor ? &datastore.descriptors[*link.descriptor] : nullptr;
  }
  [[nodiscard]] std::span<const Use> uses_of(model::Index file) const;
  [[nodiscard]] std::span<const Freezing> freezings_of(model::Index file) const;
  // Two configurations of one machine are none to each other.
  [[nodiscard]] bool is_another(model::Index machine, model::Index than) const;
  // By a snapshot of the machine's own .vmsd, or of that of its copies.
  [[nodiscard]] bool is_frozen_by(model::Index machine, model::Index file) const;
  // The machine that is alone in the file's folder.
  [[nodiscard]] std::optional<model::Index> machine_beside(const model::File& about) const;
  // What is left of a disk that a .vmx names and that is not there.
  [[nodiscard]] bool is_awaited(const model::File& about) const;
  // Orphans and leftovers are not told there.
  [[nodiscard]] bool is_silenced(const model::File& about) const;
  // Of "no descriptor names it": one that was not read could.
  [[nodiscard]] Certainty certainty_of_unnamed(const model::File& about) const;
  // How a CTK file looks there is not known, so none is judged.
  [[nodiscard]] bool lies_among_objects(const model::File& about) const;
};

// The disk that a file is called after, whatever its letter case: "0/web01/web01-000002" of "web01-000002-delta.vmdk".
[[nodiscard]] std::string disk_key(const model::File& file);

[[nodiscard]] Subject make_subject(const model::Datastore& datastore, const Opener& opener);

// A finding with the catalogue's severity and fix.
[[nodiscard]] Finding finding_of(Code code);
// About a file and whoever it belongs to; a foreign link's has no fix.
[[nodiscard]] Finding about(Code code, const Subject& subject, model::Index file);
// About a file that is nobody's: of the machine in whose folder it lies.
[[nodiscard]] Finding about_unused(Code code, const Subject& subject, model::Index file);
// About a disk of a machine, whose .vmx is the path.
[[nodiscard]] Finding about(Code code, const Subject& subject, const JudgedDisk& judged);

// About a machine's disk, whose active link is the path. Precondition: that leads to a file.
[[nodiscard]] Finding about_active_link(Code code, const Subject& subject, const JudgedDisk& judged);

[[nodiscard]] inline bool has_both_keys(const Subject& subject, const JudgedDisk& judged) {
  return is_true(subject.machine(judged).settings.ctk_enabled) && is_true(judged.disk->settings.ctk_enabled);
}
// An error of the bytes themselves, and none of getting them.
[[nodiscard]] inline bool is_damage(const formats::core::Error& error) {
  return error.kind == formats::core::ErrorKind::malformed || error.kind == formats::core::ErrorKind::truncated;
}
// It is there, and its bytes could not be had: it raises nothing, and is told as skipped.
[[nodiscard]] inline bool is_unread(const model::File& file) {
  return file.exists && file.error && !is_damage(*file.error);
}

// The rules, one file per topic in rules/.
void check_tracking_files(const Subject& subject, Findings& out);
void check_unnamed_tracking_files(const Subject& subject, Findings& out);
// After the rules about CTK files, whose fixes it takes away.
void check_format(const Subject& subject, Findings& out);
void check_keys(const Subject& subject, Findings& out);
void check_disk_keys(const Subject& subject, Findings& out);
void check_tracking_sections(const Subject& subject, Findings& out);
void check_damage(const Subject& subject, Findings& out);
void check_chains(const Subject& subject, Findings& out);
void check_sharing(const Subject& subject, Findings& out);
void check_missing_disks(const Subject& subject, Findings& out);
void check_snapshots(const Subject& subject, Findings& out);
void check_snapshot_lists(const Subject& subject, Findings& out);
void check_extents(const Subject& subject, Findings& out);
void check_orphans(const Subject& subject, Findings& out);
void check_advisories(const Subject& subject, Findings& out);

}  // namespace cbtctl::analysis
