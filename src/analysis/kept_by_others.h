// Whose content is somebody else's business: what other products keep on a datastore beside virtual machines. One list,
// each with its reason.
#pragma once

#include <optional>
#include <string_view>

#include "model/datastore.h"

namespace cbtctl::analysis {

struct Keeper {
  enum class Place { folder, folder_beginning, file_beginning, file_part };
  Place place{};
  std::string_view text;  // in small letters
  std::string_view why;
  bool data_too = false;  // also data that no descriptor names is meant to be there
};

// Who keeps that descriptor; nullptr: it is a virtual machine's, or nobody's.
[[nodiscard]] const Keeper* keeper_of(const model::File& file);

}  // namespace cbtctl::analysis
