// A vmdk descriptor, alone or embedded in a sparse file. Source: reference/esxi-facts.md section 5.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/core/byte_source.h"
#include "formats/core/defect.h"
#include "formats/core/result.h"
#include "formats/text/document.h"

namespace formats::vmdk {

enum class ExtentKind { flat, vmfs, vmfs_sparse, sesparse, vsan_sparse, vmfs_rdm, vmfs_raw, sparse, zero, other };

struct ExtentLine {
  std::string access;  // "RW", "RDONLY", "NOACCESS"
  std::uint64_t sectors = 0;
  ExtentKind kind = ExtentKind::other;
  std::string type;                  // as written: "VMFS", "SESPARSE"
  std::string file_name;             // as written; empty for ZERO
  std::uint64_t offset_sectors = 0;  // where in the file the extent begins (FLAT)
  std::size_t line_number = 0;
};

struct Descriptor {
  std::optional<unsigned> version;
  std::string encoding = "UTF-8";
  bool states_encoding = false;  // else UTF-8 is taken for granted
  std::optional<std::uint32_t> cid;
  std::optional<std::uint32_t> parent_cid;       // as written, see cid_of_parent
  std::string create_type;                       // as written: "vmfs", "vmfsSparse", "seSparse", ...
  std::string parent_hint;                       // parentFileNameHint as written; empty: none
  std::optional<std::string> change_track_path;  // as written
  bool native_snapshot = false;                  // isNativeSnapshot="yes"
  bool encrypted = false;                        // encryptionKeys, or the filter vmwarevmcrypt
  std::vector<ExtentLine> extents;
  // It stands inside a sparse file, which is its one extent whatever name the line writes: exporters write one name
  // into all their files, and a file is copied and renamed.
  bool is_embedded = false;
  std::string adapter_type;
  std::string disk_uuid;  // ddb.uuid in lower case, since it is there to be compared
  std::string long_content_id;
  std::vector<std::string> sidecars;                     // ddb.sidecars: files that an I/O filter keeps beside the disk
  std::vector<std::pair<std::string, std::string>> ddb;  // every ddb.* entry, key and value, in order
  bool thin_provisioned = false;
  std::optional<unsigned> virtual_hardware_version;

  // Sum of the extents' sectors in bytes; nothing where it overflows or there is no extent.
  [[nodiscard]] std::optional<std::uint64_t> capacity_bytes() const;
  // Nothing: parentCID is absent, or ffffffff, which says that there is no parent.
  [[nodiscard]] std::optional<std::uint32_t> cid_of_parent() const;
  [[nodiscard]] bool has_parent() const { return cid_of_parent().has_value() || !parent_hint.empty(); }
  // Its data are objects of vSAN or vVol and no files; how a CTK file looks there is not known.
  [[nodiscard]] bool lies_in_objects() const;
  // Of Workstation, Fusion, Player or an export, which no ESXi runs a machine on: monolithic*, twoGbMaxExtent*,
  // streamOptimized.
  [[nodiscard]] bool is_hosted_format() const;
  // Contradictions within the descriptor: no extent, no createType, an extent of 2^64 sectors, a parent hint
  // without parentCID, createType against extent kinds, duplicate CID, ...
  [[nodiscard]] core::Defects check() const;

  core::Defects decode_defects;  // lines that look like an extent or a number and are none; check() includes them
};

// The largest descriptor that is read: 64 TiB in pieces of 2 GiB have 3 MiB.
inline constexpr std::size_t max_descriptor_bytes = std::size_t{4} << 20U;

// The text of the descriptor that `bytes` begin with: up to the first NUL, whatever is behind it (qemu-img leaves
// "\0\n" where a shorter CID was written). `is_all`: nothing follows them. nullopt: more bytes are needed. `malformed`:
// longer than max_descriptor_bytes.
core::Result<std::optional<std::string>> descriptor_text(std::span<const std::byte> bytes, bool is_all);
// The same of a file.
core::Result<std::string> read_descriptor_text(const core::ByteSource& file);

// `malformed` where the text is no descriptor at all (neither the "# Disk DescriptorFile" line nor a createType with
// an extent line).
core::Result<Descriptor> decode_descriptor(const text::Document& document);
// The one inside a sparse file.
core::Result<Descriptor> decode_embedded_descriptor(const std::string& text);

[[nodiscard]] std::string_view name_of(ExtentKind kind);  // "flat", "cowd", "sesparse", "vsan-sparse", "rdm", ...

}  // namespace formats::vmdk
