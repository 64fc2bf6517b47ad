#include "analysis/catalogue.h"

#include <algorithm>
#include <array>

#include "analysis/option.h"

namespace cbtctl::analysis {
namespace {

constexpr std::array rows{
    Row{Code::advisory_hot_extend, "advisory-hot-extend", Severity::warning, Fix::none, "",
        "tracked on an ESXi 8.0.2 build that is reported to lose track of a disk extended while powered on",
        "Reported, not confirmed by a text that we read (KB 95965): the map in memory is not resized, so writes in the "
        "added part are not recorded.",
        "If a disk was extended since tracking began: update to build 23305546 or later, run `cbtctl reset`, then make "
        "a full backup."},
    Row{Code::advisory_kb2090639, "advisory-kb2090639", Severity::warning, Fix::none, "",
        "a tracked disk of 128 GiB or more on an ESXi build that loses changes when a disk is extended across 128 GiB",
        "KB 2090639: after a disk is grown across any multiple of 128 GB, changed blocks are missing. A disk created "
        "at its size is not affected, which files cannot tell. The builds of the fixes are taken from public build "
        "lists.",
        "If the disk was ever extended: update the host, run `cbtctl reset`, then make a full backup."},
    Row{Code::advisory_kb2136854, "advisory-kb2136854", Severity::critical, Fix::none, "",
        "tracked on an ESXi 6.0 build whose CBT returns wrong sectors",
        "KB 2136854: writes during snapshot consolidation lose their tracking entries, so incremental backups made "
        "since are incomplete although they look fine. No trace of it stays in the files. Where only an older log "
        "names such a build it is a warning and possible, unless CBT was reset since.",
        "Update the host to build 3247720 (KB 2137545) or later, run `cbtctl reset`, then make a full backup; do not "
        "rely on incrementals made before."},
    Row{Code::advisory_tracking_began_with_snapshot, "advisory-tracking-began-with-snapshot", Severity::error,
        Fix::none, "", "tracking began while a snapshot existed, on ESXi 6.5 or later",
        "From 6.5 on the API no longer reports an error for such a disk and may return empty or random areas; a backup "
        "by them is silently wrong.",
        "Delete all snapshots, run `cbtctl reset`, then make a full backup."},
    Row{Code::cbt_disallowed, "cbt-disallowed", Severity::note, Fix::none, "",
        "ctkDisallowed is TRUE: CBT stays off whatever the other keys say",
        "Somebody has forbidden CBT for this virtual machine. Backups read whole disks.",
        "Remove the key if CBT is wanted."},
    Row{Code::cbt_disk_excluded, "cbt-disk-excluded", Severity::note, Fix::none, "",
        "CBT is on for the VM and off for this disk",
        "The disk's own key is FALSE. Backups read the whole disk each time.",
        "Nothing, if that is intended; else `cbtctl enable --disk SLOT`."},
    Row{Code::cbt_disk_key_missing, "cbt-disk-key-missing", Severity::error, Fix::choice, "enable disable",
        "CBT is on for the VM, but the disk has no key of its own",
        "Both levels are needed: this disk is not tracked, and incremental backups of it fail or are full ones. Disks "
        "that were added later look like this.",
        "cbtctl repair --choose cbt-disk-key-missing=enable"},
    Row{Code::cbt_key_for_missing_disk, "cbt-key-for-missing-disk", Severity::note, Fix::none, "",
        "a CBT key for a slot without a disk",
        "A disk was removed and its key stayed. A disk put into that slot later would take the key over.",
        "Nothing to do."},
    Row{Code::cbt_key_malformed, "cbt-key-malformed", Severity::warning, Fix::choice, "true false remove",
        "a CBT key whose value is neither TRUE nor FALSE",
        "ESXi takes such a value for FALSE or ignores it (which one is not documented), so CBT is not on. Typographic "
        "quotes come from copying out of a document.",
        "cbtctl repair --choose cbt-key-malformed=true (or false, or remove)"},
    Row{Code::cbt_key_misspelt, "cbt-key-misspelt", Severity::warning, Fix::choice, "rename remove",
        "a key that looks like a CBT key and does nothing",
        "ESXi ignores keys that it does not know, so CBT is not on by this line.",
        "cbtctl repair --choose cbt-key-misspelt=rename (or remove)"},
    Row{Code::cbt_leftover_tracking, "cbt-leftover-tracking", Severity::warning, Fix::safe, "",
        "CBT is off, yet a descriptor still names a CTK file",
        "Switching the keys off by hand, ctkDisallowed, or making the disk independent leaves the descriptor behind. "
        "If CBT is on again some day, a CTK file that missed writes could be trusted.",
        "cbtctl repair --only cbt-leftover-tracking"},
    Row{Code::cbt_mixed_chain, "cbt-mixed-chain", Severity::error, Fix::none, "",
        "some links of the chain are tracked and some are not",
        "Change ids need a CTK file at every own link of a chain; queries fail or miss data.",
        "Delete all snapshots, then `cbtctl reset` and a full backup."},
    Row{Code::cbt_pending, "cbt-pending", Severity::note, Fix::none, "",
        "CBT is on and has not started: it starts at the next power-on or stun",
        "The keys are TRUE and no CTK file exists yet.", "Nothing to do; the first backup afterwards is a full one."},
    Row{Code::cbt_pending_with_snapshot, "cbt-pending-with-snapshot", Severity::error, Fix::none, "",
        "CBT would begin on top of a snapshot",
        "CBT must be switched on while no snapshot exists; begun on a snapshot, areas may be missing from its answers.",
        "Delete all snapshots before the next power-on or stun."},
    Row{Code::cbt_unsupported_disk, "cbt-unsupported-disk", Severity::warning, Fix::none, "",
        "CBT is on for a disk that cannot be tracked",
        "CBT takes ESX 4.0 or later, virtual hardware 7 or later, a disk that is neither independent nor a physical "
        "RDM, "
        "and a SCSI bus and a disk that no other machine shares. Backups that count on it fail or read the disk whole.",
        "Change what the evidence names, or set the disk's key to FALSE."},
    Row{Code::cbt_vm_key_missing, "cbt-vm-key-missing", Severity::error, Fix::choice, "enable disable",
        "the disk's CBT key is TRUE, but the VM's key is not",
        "Both levels are needed: the disk is not tracked, and incremental backups of it fail or are full ones.",
        "cbtctl repair --choose cbt-vm-key-missing=enable"},
    Row{Code::chain_capacity_mismatch, "chain-capacity-mismatch", Severity::error, Fix::none, "",
        "a delta and its parent differ in capacity",
        "ESXi extends no disk that has snapshots: a descriptor was edited by hand, an extension failed half way, or "
        "the parent is another disk. What lies behind the smaller one's end is lost or read as zeros.",
        "Find out which capacity is right before anything writes to the disk; export shows its bytes with "
        "--allow-mismatch."},
    Row{Code::chain_cid_mismatch, "chain-cid-mismatch", Severity::error, Fix::choice, "adopt-parent-cid",
        "a delta disagrees with its parent's content id",
        "The parent changed after the delta was taken, or a descriptor was edited by hand. The virtual machine does "
        "not power on, and reading through the chain could mix two points in time.",
        "If the parent was not written to: cbtctl repair --choose chain-cid-mismatch=adopt-parent-cid; else restore "
        "the parent. export shows its bytes with --allow-mismatch."},
    Row{Code::chain_loop, "chain-loop", Severity::error, Fix::none, "", "a chain of disks comes back to itself",
        "A parent hint names a descendant. No program can open this disk.",
        "Correct parentFileNameHint by hand, from a backup of the descriptors."},
    Row{Code::chain_parent_missing, "chain-parent-missing", Severity::error, Fix::none, "",
        "a delta's parent is not there",
        "The delta alone holds only what changed since the snapshot. The virtual machine does not power on.",
        "Bring the parent back from where it was moved, or from a backup."},
    Row{Code::chain_too_long, "chain-too-long", Severity::warning, Fix::none, "",
        "a disk runs on 32 deltas or more: no further snapshot can be made",
        "ESXi allows 32 levels. The next snapshot fails, and with it the next backup; every read goes through the "
        "whole chain.",
        "Delete snapshots or consolidate; begin with a backup by another way."},
    Row{Code::consolidation_needed, "consolidation-needed", Severity::warning, Fix::none, "",
        "ESXi has noted that the virtual machine needs consolidation",
        "snapshot.needConsolidate is TRUE: a snapshot was removed from the list and its delta could not be merged. "
        "The deltas grow until that is done.",
        "Consolidate the virtual machine's disks."},
    Row{Code::ctk_covers_less, "ctk-covers-less", Severity::critical, Fix::choice, "restart",
        "the CTK file covers less than the disk: the disk was extended, or only the header was",
        "Changes in the added part are not recorded, so incremental backups silently miss them.",
        "cbtctl repair --choose ctk-covers-less=restart, then make a full backup"},
    Row{Code::ctk_epoch_ahead, "ctk-epoch-ahead", Severity::error, Fix::choice, "restart",
        "an entry of the CTK file is newer than every word of its header that could be the epoch",
        "The table and the header are of different times, and change ids computed from them are wrong; or the epoch "
        "stands where we do not look for it.",
        "cbtctl repair --choose ctk-epoch-ahead=restart, then make a full backup"},
    Row{Code::ctk_format_doubted, "ctk-format-doubted", Severity::note, Fix::none, "",
        "so many CTK files do not fit that our knowledge of the format is probably wrong for this ESXi release",
        "Nobody has published the CTK format. Four CTK files or more, and more than a third of all, do not add up as "
        "we read them, or have entries newer than their epoch. No finding about a CTK file offers a fix.",
        "Send the output of `cbtctl ctk show --header-dump` of two of the files to the maintainers."},
    Row{Code::ctk_layout_unknown, "ctk-layout-unknown", Severity::note, Fix::none, "",
        "the CTK file's header is not understood",
        "Its size is right for the disk, or its version is another one, but its numbers do not add up; it is not "
        "judged.",
        "Send the output of `cbtctl ctk show --header-dump` to the maintainers."},
    Row{Code::ctk_leftover, "ctk-leftover", Severity::warning, Fix::safe, "quarantine",
        "a CTK file that no descriptor names, although its disk is there",
        "It is left from earlier tracking and takes space. Where CBT is on it stands in the place of the next CTK "
        "file, and is an error.",
        "cbtctl clean"},
    Row{Code::ctk_missing, "ctk-missing", Severity::error, Fix::safe, "",
        "a descriptor names a CTK file that is not there",
        "Snapshots and incremental backups fail, and the virtual machine may not power on.",
        "cbtctl repair --only ctk-missing, then make a full backup"},
    Row{Code::ctk_orphan, "ctk-orphan", Severity::warning, Fix::safe, "quarantine", "a CTK file whose disk is gone",
        "It takes space and is used by nothing.", "cbtctl clean"},
    Row{Code::ctk_orphan_snapshot, "ctk-orphan-snapshot", Severity::warning, Fix::safe, "quarantine",
        "a snapshot's CTK file whose snapshot disk is gone",
        "A consolidation or a backup program left it behind. The next snapshot of that number fails because its CTK "
        "file exists already.",
        "cbtctl clean"},
    Row{Code::ctk_shared, "ctk-shared", Severity::error, Fix::none, "", "two descriptors name the same CTK file",
        "Two disks would write their changes into one map, which is then right for neither.",
        "Find out which disk is in use; switch CBT off and on for both."},
    Row{Code::ctk_size_mismatch, "ctk-size-mismatch", Severity::error, Fix::choice, "restart",
        "the CTK file does not belong to a disk of this capacity",
        "It was copied from elsewhere, cut, or the disk was replaced; change ids from it are wrong.",
        "cbtctl repair --choose ctk-size-mismatch=restart, then make a full backup"},
    Row{Code::ctk_unrecognised, "ctk-unrecognised", Severity::error, Fix::choice, "restart",
        "a descriptor names a file as its CTK file that is none",
        "It has no CTK signature or is shorter than a header. Snapshots and incremental backups fail. Where the file "
        "is empty nothing can be lost, and the fix is safe.",
        "cbtctl repair --choose ctk-unrecognised=restart, then make a full backup"},
    Row{Code::descriptor_damaged, "descriptor-damaged", Severity::error, Fix::none, "",
        "a file that is used as a disk's descriptor is none, or contradicts itself",
        "The disk cannot be opened. Its data in the -flat or -delta file is most likely whole.",
        "Write a new descriptor for the extent (KB 1002511), or restore it."},
    Row{Code::descriptor_version_mismatch, "descriptor-version-mismatch", Severity::warning, Fix::safe, "restart",
        "a descriptor's version does not go with its tracking section",
        "Version 3 means a disk with a tracking section. One without the other comes from editing by hand; where the "
        "line is there and the version is older, writes may have gone untracked.",
        "cbtctl repair --only descriptor-version-mismatch, or --choose descriptor-version-mismatch=restart"},
    Row{Code::disk_has_children, "disk-has-children", Severity::error, Fix::none, "",
        "a virtual machine runs on a disk that snapshots or other machines' deltas rest on",
        "Its active disk is frozen by a snapshot of its own, or is the parent of a delta that is still used: an old "
        "configuration, a hand that edited the .vmx, or the source of clones. Once it writes, the deltas are "
        "worthless. A note where they all lie in other folders, as linked clones do.",
        "Do not power it on before it is known which of the two is wanted; set its fileName to the newest link."},
    Row{Code::disk_hot_added, "disk-hot-added", Severity::warning, Fix::none, "",
        "a virtual machine still holds another one's disk as independent-nonpersistent",
        "A backup proxy attaches disks so while it reads them. Left behind, the disk cannot be consolidated and the "
        "next snapshots stay. A note while the other machine's snapshot freezes the disk: a backup may be at work.",
        "Detach the disk from the holder, and do not delete it from the datastore; then consolidate its owner."},
    Row{Code::disk_missing, "disk-missing", Severity::error, Fix::none, "",
        "a virtual machine names a disk whose descriptor is not there",
        "It does not power on. What is left of the disk is told: the data in a -flat or -delta file is most likely "
        "whole, and neither it nor the CTK file is an orphan.",
        "Restore the descriptor, or write a new one for the data that is left (KB 1002511); delete nothing before."},
    Row{Code::disk_orphan, "disk-orphan", Severity::warning, Fix::none, "",
        "a disk that no virtual machine, template, snapshot list or delta uses",
        "It takes space. A virtual machine outside this scan may use it.",
        "Make sure that nothing uses it before you remove it."},
    Row{Code::disk_shared, "disk-shared", Severity::error, Fix::none, "", "two virtual machines run on one disk",
        "They have it as their active disk, and not all say that they share it (multi-writer, a shared SCSI bus, "
        "disk.locking). Only one can be powered on, and what the other wrote before may be lost. Possible while one of "
        "them is on: a restore by hot-add looks so.",
        "Find out whose the disk is, and remove it, without deleting, from the others."},
    Row{Code::disk_uuid_twice, "disk-uuid-twice", Severity::note, Fix::none, "",
        "several base disks carry the same ddb.uuid",
        "Copies made by hand keep the UUID of their original. Backup products and guests that tell disks by it may "
        "take one for the other.",
        "Give the copies a new one: vmkfstools -J setuuid DISK, while their machine is off."},
    Row{Code::extent_invalid, "extent-invalid", Severity::error, Fix::none, "",
        "a sparse extent's header contradicts itself, its descriptor or its file",
        "The delta cannot be read safely, or only in part.",
        "Restore the disk, or ask a recovery service; do not write to it."},
    Row{Code::extent_missing, "extent-missing", Severity::error, Fix::none, "",
        "a descriptor names an extent that is not there",
        "The disk's data is gone or lies elsewhere. The virtual machine does not power on.",
        "Bring the file back from where it was moved, or from a backup."},
    Row{Code::extent_orphan, "extent-orphan", Severity::warning, Fix::none, "", "disk data that no descriptor names",
        "A descriptor was deleted or renamed; the data may still be wanted.",
        "Write a descriptor for it (KB 1002511) or make sure that nothing needs it."},
    Row{Code::extent_size_mismatch, "extent-size-mismatch", Severity::error, Fix::none, "",
        "a flat extent is shorter than its descriptor says",
        "The file was cut, or the descriptor edited. The virtual machine does not power on, or the guest loses its "
        "last sectors.",
        "Restore the disk, or correct the descriptor if it was edited."},
    Row{Code::sidecar_missing, "sidecar-missing", Severity::warning, Fix::none, "",
        "a descriptor names a sidecar file that is not there",
        "An I/O filter (replication, caching, encryption) keeps a file of its own for the disk. Without it the virtual "
        "machine may not power on, or the filter starts anew.",
        "Bring the file back, or detach the filter by its storage policy (KB 334555)."},
    Row{Code::snapshot_disk_missing, "snapshot-disk-missing", Severity::error, Fix::none, "",
        "the snapshot list names a disk that is not there",
        "The snapshot cannot be reverted to, and deleting it may fail.", "Consolidate, or correct the snapshot list."},
    Row{Code::snapshot_not_listed, "snapshot-not-listed", Severity::warning, Fix::none, "",
        "the VM runs on a delta that no snapshot lists: consolidation needed",
        "A backup program's snapshot was removed from the list but not merged. The delta grows, and the vSphere Client "
        "shows no snapshot. A note where other deltas of the same parent are left that no machine runs on.",
        "Consolidate the virtual machine's disks."},
    Row{Code::snapshot_orphan, "snapshot-orphan", Severity::warning, Fix::none, "",
        "a snapshot's disk that no virtual machine, snapshot list or delta uses",
        "It takes space. A virtual machine outside this scan may use it.",
        "Make sure that nothing uses it before you remove it."},
    Row{Code::snapshot_temporary, "snapshot-temporary", Severity::note, Fix::none, "",
        "a snapshot by the name that a backup product or consolidation gives its own",
        "While a backup is at work that is as it should be. Afterwards the snapshot was left over, and its delta "
        "grows; from three days on it is a warning.",
        "See that no backup is at work, then delete the snapshot."},
    Row{Code::vmsd_damaged, "vmsd-damaged", Severity::error, Fix::none, "", "a snapshot list that is none",
        "Snapshots cannot be told, and the vSphere Client shows none.",
        "Restore the .vmsd, or take and delete a snapshot so that ESXi writes a new one."},
    Row{Code::vmsd_inconsistent, "vmsd-inconsistent", Severity::warning, Fix::none, "",
        "a snapshot list contradicts itself",
        "A count, a current snapshot or a parent that fits no entry, two entries of one number, or a state file that "
        "is gone: the vSphere Client shows too few snapshots, and deleting one may fail.",
        "Compare the list with the disks' chains; take and delete a snapshot so that ESXi writes it anew."},
    Row{Code::vmx_copy, "vmx-copy", Severity::note, Fix::none, "",
        "a second configuration of the same virtual machine lies in its folder",
        "Both have one uuid.bios: a copy that somebody or a program keeps. What it says of the disks is of another "
        "time, and powered on it would write to them.",
        "Nothing, if it is never registered; else move it out of the folder."},
    Row{Code::vmx_damaged, "vmx-damaged", Severity::error, Fix::none, "",
        "a configuration file that holds no configuration",
        "The virtual machine cannot be registered or powered on. A full datastore leaves empty or cut files.",
        "Restore the .vmx, or build a new one from vmware.log."},
    Row{Code::vmx_duplicate_key, "vmx-duplicate-key", Severity::error, Fix::choice, "keep-first keep-last",
        "a key stands twice in the configuration",
        "ESXi refuses such a file or takes one of the two (which one is not documented).",
        "cbtctl repair --choose vmx-duplicate-key=keep-first (or keep-last)"},
};

static_assert(std::is_sorted(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; }));
static_assert(std::adjacent_find(rows.begin(), rows.end(),
                                 [](const Row& a, const Row& b) { return a.name == b.name; }) == rows.end());
static_assert([] {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  }
  return true;
}());

// Each is one of those that fixes know.
constexpr bool are_options(std::string_view texts) {
  while (!texts.empty()) {
    const std::size_t end = std::min(texts.find(' '), texts.size());
    if (!option_from(texts.substr(0, end))) return false;
    texts.remove_prefix(std::min(end + 1, texts.size()));
  }
  return true;
}
static_assert(std::all_of(rows.begin(), rows.end(), [](const Row& row) { return are_options(row.options); }));

constexpr bool is_among_ctk_codes(Code code) { return code >= Code::ctk_covers_less && code <= Code::ctk_unrecognised; }
static_assert(std::all_of(rows.begin(), rows.end(),
                          [](const Row& row) { return row.name.starts_with("ctk-") == is_among_ctk_codes(row.code); }));

}  // namespace

std::span<const Row> catalogue() { return rows; }

const Row& row_of(Code code) { return rows[static_cast<std::size_t>(code)]; }

const Row* find_row(std::string_view name) {
  const auto found = std::lower_bound(rows.begin(), rows.end(), name,
                                      [](const Row& row, std::string_view wanted) { return row.name < wanted; });
  return found != rows.end() && found->name == name ? &*found : nullptr;
}

std::vector<std::string> options_of(const Row& row) {
  std::vector<std::string> options;
  for (std::string_view rest = row.options; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    options.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return options;
}

bool is_about_ctk_file(Code code) { return is_among_ctk_codes(code); }

}  // namespace cbtctl::analysis
