// What was found: plain data with provenance. Everything seen is a member, also what could not be read. Files, the
// descriptors among them and the virtual machines refer to each other by index, so that a model can be copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "formats/core/path.h"
#include "formats/core/result.h"
#include "formats/ctk/tracking_file.h"
#include "formats/identify.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/sparse.h"
#include "formats/vmsd/snapshots.h"
#include "formats/vmx/configuration.h"
#include "model/host.h"
#include "model/power.h"

namespace cbtctl::model {

using formats::core::Error;
using formats::core::ErrorKind;
using Index = std::size_t;

// The type of what lies below `path`.
struct DatastoreSpan {
  std::string path;  // relative to the target's root; "": all of it
  DatastoreType type = DatastoreType::unknown;
};

// A volume whose UUID is known: what lies below `path` (relative to the target's root; "": all of it) is what lies
// below `identity` on every host, "/vmfs/volumes/65f1c2aa-3b0c9d1e-77aa-0050569a1b2c/web01".
struct VolumeSpan {
  std::string path;
  std::string identity;
};

struct Target {
  std::string location;   // as the user gave it
  std::string canonical;  // the same with links resolved; empty where it could not be had
  bool is_ssh = false;
  std::optional<HostFacts> host;  // nothing on a mount, or where the host is no ESXi
  std::optional<HostInventory> inventory;
  std::optional<Error> error;             // it could not be read at all, or its host was lost on the way
  std::vector<DatastoreSpan> datastores;  // empty where no host tells
  std::vector<VolumeSpan> volumes;
  std::vector<std::string> not_entered;  // a filer's folders, relative to the root
};

// A file seen in a listing, or named by another file. `path` is relative to the target's root, with '/'.
struct File {
  Index target = 0;
  std::string path;
  bool exists = true;
  std::optional<std::uint64_t> size_bytes;
  std::optional<formats::FileKind> kind;  // by content; nothing where no byte was read
  std::optional<Error> error;             // its bytes could not be had, or do not decode
  std::optional<Index> descriptor;        // of Datastore::descriptors, where it is one
  std::optional<Index> tracking;          // of Datastore::tracking_files, where it is one
  std::optional<Index> sparse;            // of Datastore::sparse_extents, where it is one and decodes
  bool is_extent = false;                 // some descriptor names it as its data
};

// The order of reports.
[[nodiscard]] inline bool is_before(const File& a, const File& b) {
  return std::tie(a.target, a.path) < std::tie(b.target, b.path);
}

// In one folder.
[[nodiscard]] inline bool lies_beside(const File& a, const File& b) {
  return a.target == b.target && formats::core::parent_of(a.path) == formats::core::parent_of(b.path);
}

// A name inside a file, and what it leads to. `file` is empty where it leads out of the scan.
struct Reference {
  std::string written;        // as the file has it
  std::optional<Index> file;  // of Datastore::files; a file with `exists` false is missing
  bool by_tail = false;       // found by the longest tail of an absolute path: never written to
  bool by_link = false;       // a symbolic link was followed on the way
};

struct Extent {
  formats::vmdk::ExtentLine line;
  std::optional<Reference> reference;  // nothing for ZERO and device extents
};

struct Descriptor {
  Index file = 0;
  formats::vmdk::Descriptor content;
  std::vector<Extent> extents;
  std::optional<Reference> parent;
  std::optional<Reference> tracking;  // changeTrackPath
  std::vector<Reference> sidecars;
  bool judged = true;  // false: a backup copy (`x.vmdk~`), which protects what it names
};

// A file that has the CTK signature, or that some descriptor names as its CTK file (also where it is missing), or that
// is called `*-ctk.vmdk` and is of no other kind. Disk data (`is_data`) is one only where it is named so.
struct TrackingFile {
  Index file = 0;
  std::optional<formats::ctk::Header> header;  // nothing: no signature, too short, missing or not read (see the file)
  std::vector<Index> named_by;                 // of Datastore::descriptors
  std::optional<Index> disk;                   // of Datastore::files, for "X-ctk.vmdk": the "X.vmdk" beside it
  bool is_awaited = false;                     // no disk lies beside it, yet a .vmx or .vmsd names one there
  bool is_data = false;                        // an extent, or called like one: its bytes are no header
};

struct ChainLink {
  Reference reference;              // how the link above (or the .vmx) names it
  std::optional<Index> descriptor;  // nothing: missing, outside, unreadable or not a descriptor
  bool own = true;                  // discovery::Ownership; false: another machine's, shown, never judged
};

struct Disk {
  formats::vmx::Disk settings;
  std::vector<ChainLink> chain;  // from the active link to the base; at least one
  bool loops = false;            // the chain came back to itself and was cut
};

// A .vmsd; `content` is missing where the bytes are no snapshot list (the file says why).
struct SnapshotFile {
  Index file = 0;
  std::optional<formats::vmsd::SnapshotList> content;
  std::vector<Reference> frozen;  // every disk of every snapshot, in order
  std::vector<Reference> states;  // the .vmsn of every snapshot that names one
  // When the newest file of the folder was written; asked for where a snapshot looks like one that should be gone.
  std::optional<std::int64_t> newest_ns;
};

// Which host knows a virtual machine, under which number.
struct Registration {
  Index target = 0;
  std::string id;
};

// An ESXi version and build, and who says so: a vmware*.log, or the host.
struct BuildWitness {
  std::string source;
  std::string version;
  std::string build;
  bool is_host = false;
};

struct VirtualMachine {
  Index file = 0;
  std::vector<Index> seen_by;  // targets
  bool is_targeted = true;     // false: a neighbour of a target that is one .vmx, read to tell whose files are whose
  bool is_template = false;
  formats::vmx::Configuration settings;  // empty where `unreadable`; its disks are in `disks`
  std::optional<Error> unreadable;
  std::vector<Disk> disks;
  Power power;
  std::optional<std::vector<Registration>> registrations;  // nothing: no host that sees it tells what it has registered
  std::vector<BuildWitness> witnesses;  // of its logs, newest first; read for machines with a tracked disk alone
  std::optional<Index> snapshot_file;   // of Datastore::snapshot_files: the .vmsd of the same name
};

// A `.cbtctl` folder left by writing verbs.
struct Quarantine {
  Index target = 0;
  std::string path;
  std::vector<std::string> runs;
};

// How another target reads a file.
struct Way {
  Index target = 0;
  std::string path;
};

struct Datastore {
  std::vector<Target> targets;
  std::vector<File> files;
  std::vector<Descriptor> descriptors;
  std::vector<formats::vmdk::SparseExtent> sparse_extents;
  std::vector<SnapshotFile> snapshot_files;      // by target and path
  std::vector<TrackingFile> tracking_files;      // by target and path
  std::vector<VirtualMachine> virtual_machines;  // by target and path
  std::vector<Quarantine> quarantine;
  std::vector<File> unreadable_folders;          // `error` says why
  std::map<Index, std::vector<Way>> other_ways;  // of the files that a deep look opens, where several targets see one
};

}  // namespace cbtctl::model
