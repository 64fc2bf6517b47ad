// What VMware calls its files: one rule for each ending, letter case aside, and the folder that every host has its
// volumes in. A name suggests; what a file is, its content and the references to it decide.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace formats::vmware {

enum class NameKind {
  configuration,     // X.vmx
  machine_template,  // X.vmtx
  snapshot_list,     // X.vmsd
  disk,              // X.vmdk, and none of the following
  tracking,          // X-ctk.vmdk
  flat,              // X-flat.vmdk
  delta,             // X-delta.vmdk
  sesparse,          // X-sesparse.vmdk
  rdm,               // X-rdm.vmdk: a raw device, virtual mode
  rdmp,              // X-rdmp.vmdk: physical mode
  digest,            // X-digest.vmdk: hashes of blocks, of a View disk
  flat_piece,        // X-f001.vmdk: of a disk in pieces of 2 GiB
  sparse_piece,      // X-s001.vmdk
  redo_log,          // X.vmdk.REDO_a1b2c3
  lock,              // X.lck
  nfs_lock,          // .lck-3409000000000000
  swap,              // X.vswp
  other,
};

struct Name {
  NameKind kind = NameKind::other;
  std::string_view stem;           // X; of an NFS lock and of any other file: without its extension
  std::optional<unsigned> number;  // 2 where X ends in "-000002", six digits: made by a snapshot
};

// Of a file's name, without its folder.
[[nodiscard]] Name parse_name(std::string_view file_name);

// The one extent of a disk, which has all its data: flat, delta or sesparse.
[[nodiscard]] bool is_whole_extent(NameKind kind);

// Called like the data of a disk: an extent, a raw device, a digest, a piece or a redo log. Such a file is data
// whatever it holds, since the guest decides its bytes.
[[nodiscard]] bool is_called_like_data(NameKind kind);

// The rest takes paths too.
[[nodiscard]] bool names_a_configuration(std::string_view path);  // .vmx or .vmtx
[[nodiscard]] bool is_called_vmdk(std::string_view path);         // whatever kind of .vmdk
[[nodiscard]] bool mentions_a_disk(std::string_view path);        // ".vmdk" anywhere, as in "x.vmdk.bak", "x.VMDK~"
[[nodiscard]] bool mentions_a_digest(std::string_view path);      // "-digest" anywhere, as in "x-digest-flat.vmdk"

// "web01.vmdk" -> "web01-ctk.vmdk", what ESXi calls the CTK file that it makes; empty if the name is no .vmdk.
[[nodiscard]] std::string tracking_of_disk(std::string_view path);
// "web01-ctk.vmdk", also put aside as "web01-ctk.vmdk.old" or "web01-ctk.vmdk~" -> "web01.vmdk"; empty if the name is
// none of a CTK file.
[[nodiscard]] std::string disk_of_tracking(std::string_view path);
// "web01/web01-000002-ctk.vmdk", "web01-000001.vmdk", "web01.vmdk" -> "web01": what a disk, its snapshots' disks and
// their CTK files are called after.
[[nodiscard]] std::string_view stem_of_disk(std::string_view path);
// "web01.vmx" -> "web01.vmx.lck", the folder or file that a running process holds.
[[nodiscard]] std::string lock_of(std::string_view path);

// Folders that a filer keeps for its snapshots and bins: what looks like machines in there is none. Exactly so, since
// they are made by programs.
inline constexpr std::array<std::string_view, 10> filer_folders{
    ".snapshot", ".snapshots", "~snapshot",          ".zfs",  "#snapshot", ".ckpt",
    "#recycle",  "@Recycle",   "@Recently-Snapshot", "@eaDir"};
[[nodiscard]] bool is_filer_folder(std::string_view name);
// One of its folders, or itself, is.
[[nodiscard]] bool lies_in_filer_folder(std::string_view path);

inline constexpr std::string_view volumes_root = "/vmfs/volumes";

// "/vmfs/volumes/ds1/web01/web01.vmx" -> "ds1" (a name or a UUID) and "web01/web01.vmx".
struct VolumePath {
  std::string_view volume;  // never empty
  std::string_view path;    // empty for the volume itself
};
// nullopt if it is not below /vmfs/volumes.
// `D:\VMs\x.vmdk`, `\\server\share\x.vmdk`, `scheme://...`: an absolute path of another kind of system, which is no
// file's name here.
[[nodiscard]] bool is_absolute_elsewhere(std::string_view written);

[[nodiscard]] std::optional<VolumePath> parse_volume_path(std::string_view absolute);
[[nodiscard]] std::string volume_path(std::string_view volume, std::string_view path);

// What a volume's name, a link beside the volumes, points to: "UUID" or "/vmfs/volumes/UUID" -> "UUID". Any other
// target stays as it is.
[[nodiscard]] std::string_view volume_of_link(std::string_view link_target);

}  // namespace formats::vmware
