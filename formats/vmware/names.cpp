#include "formats/vmware/names.h"

#include <algorithm>
#include <charconv>

#include "formats/core/ascii.h"
#include "formats/core/path.h"

namespace formats::vmware {
namespace {

using core::equal_ignoring_case;
using core::folded;

constexpr std::string_view disk_extension = ".vmdk";
constexpr std::string_view tracking_ending = "-ctk.vmdk";
constexpr std::string_view lock_extension = ".lck";
constexpr std::string_view nfs_lock_beginning = ".lck-";
constexpr std::string_view redo_beginning = ".redo";

bool begins_ignoring_case(std::string_view text, std::string_view beginning) {
  return equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  for (std::size_t at = text.find(part.front()); at != std::string_view::npos; at = text.find(part.front(), at + 1)) {
    if (begins_ignoring_case(text.substr(at), part)) return true;
  }
  return false;
}

bool is_number(std::string_view text) { return std::all_of(text.begin(), text.end(), core::is_digit); }

// What stands behind the last '-' of a .vmdk; `disk` for any other word.
NameKind kind_of_part(std::string_view word) {
  switch (folded(word)) {
    case folded("ctk"):
      return NameKind::tracking;
    case folded("flat"):
      return NameKind::flat;
    case folded("delta"):
      return NameKind::delta;
    case folded("sesparse"):
      return NameKind::sesparse;
    case folded("rdm"):
      return NameKind::rdm;
    case folded("rdmp"):
      return NameKind::rdmp;
    case folded("digest"):
      return NameKind::digest;
    default:
      break;
  }
  constexpr std::size_t letter_and_three_digits = 4;
  if (word.size() != letter_and_three_digits || !is_number(word.substr(1))) return NameKind::disk;
  const char letter = core::lower(word.front());
  return letter == 'f' ? NameKind::flat_piece : letter == 's' ? NameKind::sparse_piece : NameKind::disk;
}

Name parse_disk(std::string_view stem) {
  const std::size_t dash = stem.rfind('-');
  if (dash == std::string_view::npos) return {NameKind::disk, stem, {}};
  const NameKind kind = kind_of_part(stem.substr(dash + 1));
  return {kind, kind == NameKind::disk ? stem : stem.substr(0, dash), {}};
}

// "-000002".
std::optional<unsigned> snapshot_number(std::string_view stem) {
  constexpr std::size_t dash_and_six_digits = 7;
  if (stem.size() < dash_and_six_digits) return std::nullopt;
  const std::string_view tail = stem.substr(stem.size() - dash_and_six_digits);
  if (tail.front() != '-' || !is_number(tail.substr(1))) return std::nullopt;
  unsigned number = 0;
  std::from_chars(tail.data() + 1, tail.data() + tail.size(), number);
  return number;
}

}  // namespace

Name parse_name(std::string_view file_name) {
  const std::string_view stem = core::stem_of(file_name);
  const std::string_view extension = file_name.substr(stem.size());
  switch (folded(extension)) {
    case folded(".vmx"):
      return {NameKind::configuration, stem, {}};
    case folded(".vmtx"):
      return {NameKind::machine_template, stem, {}};
    case folded(".vmsd"):
      return {NameKind::snapshot_list, stem, {}};
    case folded(".vswp"):
      return {NameKind::swap, stem, {}};
    case folded(lock_extension):
      return {NameKind::lock, stem, {}};
    case folded(disk_extension):
      break;
    default:
      if (begins_ignoring_case(file_name, nfs_lock_beginning)) return {NameKind::nfs_lock, stem, {}};
      if (begins_ignoring_case(extension, redo_beginning) && is_called_vmdk(stem))
        return {NameKind::redo_log, core::stem_of(stem), snapshot_number(core::stem_of(stem))};
      return {NameKind::other, stem, {}};
  }
  Name name = parse_disk(stem);
  name.number = snapshot_number(name.stem);
  return name;
}

bool is_whole_extent(NameKind kind) {
  return kind == NameKind::flat || kind == NameKind::delta || kind == NameKind::sesparse;
}

bool is_called_like_data(NameKind kind) {
  switch (kind) {
    case NameKind::flat:
    case NameKind::delta:
    case NameKind::sesparse:
    case NameKind::rdm:
    case NameKind::rdmp:
    case NameKind::digest:
    case NameKind::flat_piece:
    case NameKind::sparse_piece:
    case NameKind::redo_log:
      return true;
    case NameKind::configuration:
    case NameKind::machine_template:
    case NameKind::snapshot_list:
    case NameKind::disk:
    case NameKind::tracking:
    case NameKind::lock:
    case NameKind::nfs_lock:
    case NameKind::swap:
    case NameKind::other:
      return false;
  }
  return false;
}

bool names_a_configuration(std::string_view path) {
  const NameKind kind = parse_name(core::file_name(path)).kind;
  return kind == NameKind::configuration || kind == NameKind::machine_template;
}

bool is_called_vmdk(std::string_view path) { return core::ends_with_ignoring_case(path, disk_extension); }
bool mentions_a_disk(std::string_view path) { return contains_ignoring_case(path, disk_extension); }
bool mentions_a_digest(std::string_view path) { return contains_ignoring_case(path, "-digest"); }

std::string tracking_of_disk(std::string_view path) {
  if (!is_called_vmdk(path)) return {};
  return std::string(core::stem_of(path)).append(tracking_ending);
}

std::string disk_of_tracking(std::string_view path) {
  if (core::ends_with_ignoring_case(path, tracking_ending))
    return std::string(path.substr(0, path.size() - tracking_ending.size())).append(disk_extension);
  for (std::size_t at = path.rfind('-'); at != std::string_view::npos && at > 0; at = path.rfind('-', at - 1)) {
    const std::string_view rest = path.substr(at);
    if (rest.find('/') != std::string_view::npos) break;
    if (!begins_ignoring_case(rest, tracking_ending)) continue;
    const char next = rest[tracking_ending.size()];
    if (next == '.' || next == '~') return std::string(path.substr(0, at)).append(disk_extension);
  }
  return {};
}

std::string_view stem_of_disk(std::string_view path) {
  const Name name = parse_name(core::file_name(path));
  return name.number ? name.stem.substr(0, name.stem.rfind('-')) : name.stem;
}

std::string lock_of(std::string_view path) { return std::string(path).append(lock_extension); }

bool is_filer_folder(std::string_view name) {
  return std::find(filer_folders.begin(), filer_folders.end(), name) != filer_folders.end();
}

bool lies_in_filer_folder(std::string_view path) {
  for (;;) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (is_filer_folder(path.substr(0, end))) return true;
    if (end == path.size()) return false;
    path.remove_prefix(end + 1);
  }
}

bool is_absolute_elsewhere(std::string_view written) {
  const bool has_drive = written.size() >= 3 && core::lower(written.substr(0, 1)) >= "a" &&
                         core::lower(written.substr(0, 1)) <= "z" && written[1] == ':' &&
                         (written[2] == '\\' || written[2] == '/');
  return has_drive || written.starts_with("\\\\") || written.find("://") != std::string_view::npos;
}

std::optional<VolumePath> parse_volume_path(std::string_view absolute) {
  if (!absolute.starts_with(volumes_root)) return std::nullopt;
  absolute.remove_prefix(volumes_root.size());
  if (!absolute.starts_with('/')) return std::nullopt;
  absolute.remove_prefix(1);
  const std::size_t end = std::min(absolute.find('/'), absolute.size());
  if (end == 0) return std::nullopt;
  return VolumePath{absolute.substr(0, end), absolute.substr(std::min(end + 1, absolute.size()))};
}

std::string volume_path(std::string_view volume, std::string_view path) {
  return core::join(core::join(volumes_root, volume), path);
}

std::string_view volume_of_link(std::string_view link_target) {
  const auto volume = parse_volume_path(link_target);
  return volume && volume->path.empty() ? volume->volume : link_target;
}

}  // namespace formats::vmware
