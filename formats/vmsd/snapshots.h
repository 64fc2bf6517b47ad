// A snapshot list (.vmsd). Source: reference/esxi-facts.md section 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/result.h"
#include "formats/text/document.h"

namespace formats::vmsd {

// The disk that a snapshot froze: the first snapshot of a VM names the base disk, not a delta.
struct FrozenDisk {
  std::string file_name;  // as written
  std::string slot;       // node: "scsi0:0"; empty where absent
};

struct Snapshot {
  std::string uid;
  std::string parent_uid;  // empty: a root
  std::string display_name;
  std::string description;
  std::string state_file_name;             // the .vmsn
  std::optional<std::int64_t> created_us;  // microseconds since 1970: (int64)High << 32 | (uint32)Low
  std::vector<FrozenDisk> disks;
  // Called as consolidation or a backup product calls its own, which should not outlive the backup; the restore points
  // of a replica are meant to stay.
  [[nodiscard]] bool is_temporary() const;
};

struct SnapshotList {
  std::string current_uid;
  std::vector<Snapshot> snapshots;             // by the number in their key, whatever that is
  std::optional<std::int64_t> declared_count;  // numSnapshots
  bool need_consolidate = false;               // snapshot.needConsolidate
};

// An empty file, or one with just `.encoding` and `snapshot.lastUID`, is a list of none. `malformed` where the bytes
// are neither empty nor a snapshot list (binary, zeros, text without a `snapshot` key or `.encoding`).
// `encrypted` with an encryption.keySafe, which is not empty but unknown.
core::Result<SnapshotList> decode(const text::Document& document);

}  // namespace formats::vmsd
