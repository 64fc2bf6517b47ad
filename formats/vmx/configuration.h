// A virtual machine's configuration, read out of a .vmx or .vmtx. Facts as written; judging them is analysis.
// Source: reference/esxi-facts.md section 4, reference/cbt-knowledge.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/core/result.h"
#include "formats/text/document.h"

namespace formats::vmx {

// A boolean key as written. VMware takes TRUE and FALSE in any case; all else is malformed.
struct Flag {
  std::string key;            // as written
  std::string written;        // the value as written, unescaped
  std::optional<bool> value;  // nothing: neither TRUE nor FALSE
  std::size_t line_number = 0;
};

[[nodiscard]] inline bool is_true(const std::optional<Flag>& flag) { return flag && flag->value == true; }
[[nodiscard]] inline bool is_false(const std::optional<Flag>& flag) { return flag && flag->value == false; }

// One virtual disk: present, and either a hard disk deviceType or, without a deviceType, a fileName with `.vmdk`.
struct Disk {
  std::string slot;       // lower-case bus: "scsi0:0", "sata1:29", "ide0:0", "nvme0:14"
  std::string file_name;  // unescaped, as UTF-8 where the encoding is known, else the raw bytes
  std::string device_type;
  std::string mode = "persistent";  // lower-case; absent means persistent
  std::string shared_bus = "none";  // of its controller (scsi0.sharedBus), lower-case
  std::string sharing = "none";     // scsi0:0.sharing, lower-case ("multi-writer")
  std::optional<Flag> ctk_enabled;
  [[nodiscard]] bool is_independent() const;  // independent-persistent or independent-nonpersistent
};

// A key written more than once (also when only case differs).
struct DuplicateKey {
  std::string key;  // as first written
  std::vector<std::string> values;
  std::vector<std::size_t> line_numbers;
  bool values_differ = false;  // as flags (ASCII case ignored): CBT keys, .present, cleanShutdown; else as bytes
};

// A key that looks like a CBT key and does nothing: `ctkEnable`, `scsi0:0.ctkEnable`, `ctkEnabled` on a slot that
// cannot be, `changeTrackingEnabled`.
struct MisspeltKey {
  std::string key;
  std::string value;
  std::string meant;  // "ctkEnabled", "scsi0:0.ctkEnabled"
  std::size_t line_number = 0;
};

struct Configuration {
  std::string display_name;  // UTF-8 where the encoding is known; vCenter's %25 %2f %5c undone
  std::string encoding = "UTF-8";
  bool states_encoding = false;              // else UTF-8 is taken for granted
  std::optional<unsigned> hardware_version;  // virtualHW.version
  std::optional<Flag> ctk_enabled;           // VM level
  std::optional<Flag> ctk_disallowed;        // ctkDisallowed
  std::vector<Disk> disks;                   // by bus, controller, unit (numeric)
  std::vector<Flag> keys_for_missing_disks;  // slot.ctkEnabled where no disk is
  std::vector<MisspeltKey> misspelt_keys;
  std::vector<DuplicateKey> duplicates;
  std::optional<Flag> clean_shutdown;
  std::optional<Flag> need_consolidate;  // snapshot.needConsolidate
  std::string checkpoint_vm_state;       // non-empty: suspended
  std::string working_dir;               // as written; empty: the .vmx file's folder
  std::string swap_file_name;            // sched.swap.derivedName; empty where absent
  std::string nvram;
  std::string vc_uuid;       // vc.uuid, as written: vCenter's, kept when the machine moves, not when it is copied
  std::string uuid_bios;     // as written; another configuration of the same machine has the same
  bool locks_disks = true;   // disk.locking is not FALSE
  bool is_replayed = false;  // a replay.* key says so: a fault-tolerance secondary, which shares its primary's disks
  bool encrypted = false;    // encryption.keySafe/encryption.data without clear-text disks
  // Whether the key, whatever its case, stands twice with different values. hardware_version and clean_shutdown are not
  // known then; all else is what the first line says.
  [[nodiscard]] bool contradicts_itself(std::string_view key) const;
};

// `malformed` where the bytes hold no configuration: binary, zeros, empty, or none of the keys that every
// configuration has (config.version, virtualHW.version, displayName, a device). Never fails for a strange line.
core::Result<Configuration> decode(const text::Document& document);

}  // namespace formats::vmx
