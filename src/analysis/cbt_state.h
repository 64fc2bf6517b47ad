// A disk's Changed Block Tracking state and the reason; the contract's section 5, first line that fits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/ctk/tracking_file.h"
#include "model/cbt_state.h"
#include "model/datastore.h"

namespace cbtctl::analysis {

using model::CbtState;

// A reason of an `unsupported` disk whose data lies in objects: the only one that says nothing against its settings.
inline constexpr std::string_view unknown_layout = "layout not known";  // ReasonCode::layout_not_known

// A reason in a word that does not change, for scripts.
enum class ReasonCode {
  another_machines_disk,
  capacity_unknown,
  configuration_unreadable,
  contradicting_keys,
  ctk_covers_less,
  ctk_covers_more,
  ctk_cut,
  ctk_in_use,
  ctk_is_data,
  ctk_missing,
  ctk_not_understood,
  ctk_other_version,
  ctk_outside_scan,
  ctk_padded,
  ctk_unreadable,
  ctk_unrecognised,
  descriptor_damaged,
  descriptor_encrypted,
  descriptor_in_use,
  descriptor_missing,
  descriptor_outside_scan,
  descriptor_unreadable,
  disallowed,
  disk_key_false,
  disk_key_malformed,
  disk_key_missing,
  hardware_too_old,
  header_flag_set,
  hosted_format,
  independent,
  layout_not_known,
  multi_writer,
  named_though_off,
  not_begun,
  not_proven_off,
  physical_rdm,
  shared_bus,
  vm_key_missing,
};
[[nodiscard]] std::string_view name_of(ReasonCode code);

struct CbtVerdict {
  CbtState state = CbtState::unreadable;
  std::vector<std::string> reasons;      // in the order of what to fix first
  std::vector<ReasonCode> codes;         // of the reasons, one each
  bool is_verified = false;              // the active link's CTK file was read and fits
  std::optional<std::string> change_id;  // whenever the active link's CTK file decodes; the state says if it counts
};
[[nodiscard]] CbtVerdict judge(const model::Datastore& datastore, const model::VirtualMachine& machine,
                               const model::Disk& disk);

// Of the datastore that a file lies on.
[[nodiscard]] model::DatastoreType datastore_type(const model::Datastore& datastore, const model::File& file);
// Of those that a disk's links lie on: the type that all share, else the first that is not VMFS.
[[nodiscard]] model::DatastoreType datastore_type(const model::Datastore& datastore, const model::Disk& disk);

// Whether a query with change id `*` can be trusted.
struct StarQuery {
  std::optional<bool> usable;  // nothing: the datastore's type is not known
  std::vector<std::string> reasons;
};
[[nodiscard]] StarQuery judge_star_query(const model::Datastore& datastore, const model::Disk& disk);

// The CTK file that a descriptor names, held against the descriptor's own disk.
struct TrackingVerdict {
  std::optional<bool> fits;                      // nothing: cannot be verified, and `reason` says why
  std::string reason;                            // empty where it fits
  std::optional<ReasonCode> code;                // of the reason
  std::optional<formats::ctk::Reading> reading;  // nothing: no header was decoded
};
// `newest_entry`: of its table, where that was read.
[[nodiscard]] TrackingVerdict judge_tracking(const model::Datastore& datastore, const model::Descriptor& descriptor,
                                             std::optional<std::uint32_t> newest_entry = {});
// The same of a header alone, against a disk's capacity.
[[nodiscard]] TrackingVerdict judge_header(const formats::ctk::Header& header, std::uint64_t file_bytes,
                                           std::optional<std::uint64_t> capacity_bytes,
                                           std::optional<std::uint32_t> newest_entry = {});

// What a CTK file is to the descriptors of the scan.
enum class TrackingClass { in_use, leftover, orphan, orphan_snapshot };
[[nodiscard]] std::string_view name_of(TrackingClass tracking_class);
[[nodiscard]] TrackingClass classify(const model::Datastore& datastore, const model::TrackingFile& tracking);

}  // namespace cbtctl::analysis
