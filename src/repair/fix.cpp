// The table of contents. CTK files that no descriptor names are not here: they may belong to no machine (unnamed.h).
#include "repair/fix.h"

#include <array>

namespace cbtctl::repair {
namespace {

using analysis::Code;

constexpr std::array all_fixes{
    Fix{Code::cbt_disk_key_missing, set_missing_disk_key},
    Fix{Code::cbt_key_malformed, mend_malformed_key},
    Fix{Code::cbt_key_misspelt, mend_misspelt_key},
    Fix{Code::cbt_leftover_tracking, restart},
    Fix{Code::cbt_vm_key_missing, set_missing_vm_key},
    Fix{Code::chain_cid_mismatch, adopt_parent_cid},
    Fix{Code::ctk_covers_less, restart},
    Fix{Code::ctk_epoch_ahead, restart},
    Fix{Code::ctk_missing, restart},
    Fix{Code::ctk_size_mismatch, restart},
    Fix{Code::ctk_unrecognised, restart},
    Fix{Code::descriptor_version_mismatch, mend_version},
    Fix{Code::vmx_duplicate_key, keep_one_of_duplicates},
};

}  // namespace

std::span<const Fix> fixes() { return all_fixes; }

}  // namespace cbtctl::repair
