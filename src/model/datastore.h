// What was found: plain data with provenance. Everything seen is a member, also what could not be read. Files, the
// descriptors among them and the virtual machines refer to each other by index, so that a model can be copied.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/result.h"
#include "formats/ctk/tracking_file.h"
#include "formats/identify.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/sparse.h"
#include "formats/vmsd/snapshots.h"
#include "formats/vmx/configuration.h"

namespace cbtctl::model {

using formats::core::Error;
using formats::core::ErrorKind;
using Index = std::size_t;

// What a host says of itself; nothing on a mount.
struct HostFacts {
  std::string product;
  std::string version;
  std::string build;
};

enum class DatastoreType { unknown, vmfs, nfs, vsan, vvol, other };

struct Target {
  std::string location;  // as the user gave it
  bool is_ssh = false;
  std::optional<HostFacts> host;
  std::optional<Error> error;  // the target could not be read at all
  DatastoreType datastore_type = DatastoreType::unknown;
};

// A file seen in a listing, or named by another file. `path` is relative to the target's root, with '/'.
struct File {
  Index target = 0;
  std::string path;
  bool exists = true;
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint64_t> allocated_bytes;
  std::optional<formats::FileKind> kind;  // by content; nothing where no byte was read
  std::optional<Error> error;             // its bytes could not be had, or do not decode
};

// A name inside a file, and what it leads to. `file` is empty where it leads out of the scan.
struct Reference {
  std::string written;        // as the file has it
  std::optional<Index> file;  // of Datastore::files; a file with `exists` false is missing
  bool by_tail = false;       // found by the longest tail of an absolute path: never written to
};

struct Extent {
  formats::vmdk::ExtentLine line;
  std::optional<Reference> reference;  // nothing for ZERO and device extents
  std::optional<formats::vmdk::SparseExtent> sparse;
  std::optional<Error> sparse_error;
};

struct Descriptor {
  Index file = 0;
  formats::vmdk::Descriptor content;
  std::vector<Extent> extents;
  std::optional<Reference> parent;
  std::optional<Reference> tracking;  // changeTrackPath
  bool judged = true;                 // false: a backup copy (`x.vmdk~`), which protects what it names
};

// A file that holds change tracking, or that some descriptor takes for it.
struct TrackingFile {
  Index file = 0;
  std::optional<formats::ctk::Header> header;  // nothing: no signature, too short, missing or not read (see the file)
  std::vector<Index> named_by;                 // of Datastore::descriptors
};

struct ChainLink {
  Reference reference;              // how the link above (or the .vmx) names it
  std::optional<Index> descriptor;  // nothing: missing, outside, unreadable or not a descriptor
  bool own = true;                  // false: the golden image of a linked clone; shown, never judged
};

struct Disk {
  formats::vmx::Disk settings;
  std::vector<ChainLink> chain;  // from the active link to the base; at least one
  bool loops = false;            // the chain came back to itself and was cut
};

enum class PowerState { off, on, suspended, unknown };

struct Power {
  PowerState state = PowerState::unknown;
  std::vector<std::string> evidence;
};

struct VirtualMachine {
  Index file = 0;
  std::vector<Index> seen_by;  // targets
  bool is_template = false;
  formats::vmx::Configuration settings;  // empty where `unreadable`
  std::optional<Error> unreadable;
  std::vector<Disk> disks;
  Power power;
  std::optional<Index> vmsd_file;
  std::optional<formats::vmsd::SnapshotList> snapshots;  // nothing: no .vmsd, or one that could not be read
};

// A `.cbtctl/RUN` folder left by a writing verb.
struct Quarantine {
  Index target = 0;
  std::string path;
};

struct Datastore {
  std::vector<Target> targets;
  std::vector<File> files;
  std::vector<Descriptor> descriptors;        // by target and path
  std::vector<TrackingFile> tracking_files;   // by target and path
  std::vector<VirtualMachine> virtual_machines;  // by target and path
  std::vector<Quarantine> quarantine;
  std::vector<File> unreadable_folders;  // `error` says why

  [[nodiscard]] const TrackingFile* tracking_of(Index file) const;  // the tracking file that is this file
};

}  // namespace cbtctl::model
