#include "discovery/names.h"

#include <algorithm>
#include <cctype>

#include "formats/core/ascii.h"
#include "formats/core/path.h"
#include "formats/text/document.h"

namespace cbtctl::discovery {
namespace {

using formats::core::file_name;
using formats::core::stem_of;
using formats::text::equal_ignoring_case;
using formats::text::folded;

constexpr std::string_view disk_suffix = ".vmdk";
constexpr std::string_view tracking_suffix = "-ctk.vmdk";

// "s001", "f001": an extent of a disk in pieces.
bool is_a_piece(std::string_view word) {
  return word.size() == 4 && std::string_view("sfSF").find(word.front()) != std::string_view::npos &&
         std::all_of(word.begin() + 1, word.end(), formats::core::is_digit);
}

// "x.vmdk.bak", "x.VMDK~": the extension, and more behind it.
bool mentions_a_disk(std::string_view name) {
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (equal_ignoring_case(name.substr(dot, disk_suffix.size()), disk_suffix)) return true;
  }
  return false;
}

}  // namespace

NameHint hint_of(std::string_view name) {
  const std::string_view stem = stem_of(name);
  switch (folded(name.substr(stem.size()))) {
    case folded(".vmx"):
    case folded(".vmtx"):
      return NameHint::configuration;
    case folded(".vmsd"):
      return NameHint::snapshot_list;
    case folded(disk_suffix):
      break;
    default:
      return mentions_a_disk(name) ? NameHint::disk : NameHint::other;
  }
  const std::size_t dash = stem.rfind('-');
  if (dash == std::string_view::npos) return NameHint::disk;
  const std::string_view last = stem.substr(dash + 1);
  switch (folded(last)) {
    case folded("ctk"):
      return NameHint::tracking;
    case folded("flat"):
      return NameHint::flat;
    case folded("delta"):
    case folded("sesparse"):
    case folded("rdm"):
    case folded("rdmp"):
      return NameHint::disk_data;
    default:
      return is_a_piece(last) ? NameHint::disk_data : NameHint::disk;
  }
}

bool names_a_configuration(std::string_view path) { return hint_of(file_name(path)) == NameHint::configuration; }

std::string disk_of_tracking(std::string_view name) {
  if (hint_of(name) != NameHint::tracking) return {};
  return std::string(name.substr(0, name.size() - tracking_suffix.size())).append(disk_suffix);
}

}  // namespace cbtctl::discovery
