#include "discovery/names.h"

#include "formats/vmware/names.h"

namespace cbtctl::discovery {

NameHint hint_of(std::string_view file_name) {
  using Kind = formats::vmware::NameKind;
  switch (formats::vmware::parse_name(file_name).kind) {
    case Kind::configuration:
    case Kind::machine_template:
      return NameHint::configuration;
    case Kind::snapshot_list:
      return NameHint::snapshot_list;
    case Kind::tracking:
      return NameHint::tracking;
    case Kind::flat:
      return NameHint::flat;
    case Kind::delta:
    case Kind::sesparse:
    case Kind::rdm:
    case Kind::rdmp:
    case Kind::flat_piece:
    case Kind::sparse_piece:
      return NameHint::disk_data;
    case Kind::disk:
    case Kind::digest:
      return NameHint::disk;
    case Kind::redo_log:
    case Kind::lock:
    case Kind::nfs_lock:
    case Kind::swap:
    case Kind::other:
      break;
  }
  return formats::vmware::mentions_a_disk(file_name) ? NameHint::disk : NameHint::other;
}

}  // namespace cbtctl::discovery
