#include "discovery/names.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "formats/core/ascii.h"
#include "formats/text/document.h"
#include "storage/path.h"

namespace cbtctl::discovery {
namespace {

constexpr std::string_view tracking_suffix = "-ctk.vmdk";

// "-s001", "-f001": an extent of a disk in pieces.
bool names_a_piece(std::string_view stem) {
  if (stem.size() < 5) return false;
  const std::string_view tail = stem.substr(stem.size() - 5);
  return tail[0] == '-' && (tail[1] == 's' || tail[1] == 'f') &&
         std::all_of(tail.begin() + 2, tail.end(), formats::core::is_digit);
}

}  // namespace

std::string_view stem_of(std::string_view file_name) { return file_name.substr(0, file_name.rfind('.')); }

NameHint hint_of(std::string_view file_name) {
  const std::string name = formats::text::lower(file_name);
  if (name.ends_with(".vmx") || name.ends_with(".vmtx")) return NameHint::configuration;
  if (name.ends_with(".vmsd")) return NameHint::snapshot_list;
  if (name.find(".vmdk") == std::string::npos) return NameHint::other;
  if (!name.ends_with(".vmdk")) return NameHint::disk;
  if (name.ends_with(tracking_suffix)) return NameHint::tracking;
  const std::string_view stem = stem_of(name);
  if (stem.ends_with("-flat")) return NameHint::flat;
  constexpr std::array<std::string_view, 4> data{"-delta", "-sesparse", "-rdm", "-rdmp"};
  const bool is_data = std::any_of(data.begin(), data.end(), [&](std::string_view end) { return stem.ends_with(end); });
  return is_data || names_a_piece(stem) ? NameHint::disk_data : NameHint::disk;
}

bool names_a_configuration(std::string_view path) {
  return hint_of(storage::file_name(path)) == NameHint::configuration;
}

std::string disk_of_tracking(std::string_view file_name) {
  if (!formats::text::lower(file_name).ends_with(tracking_suffix)) return {};
  return std::string(file_name.substr(0, file_name.size() - tracking_suffix.size())) + ".vmdk";
}

}  // namespace cbtctl::discovery
