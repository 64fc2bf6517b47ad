// What only a host knows: plain data, each fact with its source. Nothing of it exists on a mount.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/result.h"

namespace cbtctl::model {

enum class DatastoreType { unknown, vmfs, nfs, vsan, vvol, other };

struct HostFacts {
  std::string product;  // "VMware ESXi"
  std::string version;  // "8.0.2"
  std::string build;    // "22380479"
};

struct Volume {
  std::string name;  // may be empty
  std::string uuid;  // the folder below /vmfs/volumes
  DatastoreType type = DatastoreType::unknown;
  std::string type_name;  // as the host calls it: "VMFS-6"
};

struct RegisteredMachine {
  std::string id;                   // of vim-cmd
  std::string name;                 // as the host shows it
  std::string path;                 // absolute: "/vmfs/volumes/ds1/web01/web01.vmx"
  std::optional<std::size_t> file;  // of Datastore::files: the .vmx; nothing: not found, or not looked for
  bool is_missing = false;          // its path lies where the scan looked, and nothing is there
  bool is_elsewhere = false;        // the whole host was scanned, and its path lies on no datastore of it
};

struct RunningMachine {
  std::string name;
  std::string path;  // absolute, by the volume's UUID or name
};

struct HostTask {
  std::string name;                       // "vim.VirtualMachine.createSnapshot"
  std::optional<std::string> machine_id;  // of vim-cmd; nothing: of the host itself
};

// A question that the host did not answer, or not in a form that is known.
struct Unanswered {
  std::string question;  // "registered virtual machines"
  formats::core::Error error;
};

// Nothing: not known, and `unanswered` says why.
struct HostInventory {
  std::optional<std::vector<RegisteredMachine>> registered;
  std::vector<std::string> doubted_paths;  // rows that contradict each other name them: nothing is known of these
  std::vector<std::string> invalid_ids;    // registered, but the host cannot read their configuration
  std::optional<std::vector<RunningMachine>> running;
  std::optional<std::vector<HostTask>> tasks;
  std::optional<std::vector<Volume>> volumes;
  std::vector<Unanswered> unanswered;
};

}  // namespace cbtctl::model
