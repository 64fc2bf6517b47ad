#include "cli/file_kind.h"

#include "cli/resolver.h"
#include "formats/core/path.h"
#include "formats/identify.h"
#include "formats/vmdk/sparse.h"
#include "formats/vmware/names.h"

namespace cbtctl::cli {
namespace {

using formats::FileKind;
using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using formats::vmware::NameKind;
using storage::Location;

FileRole role_of_name(std::string_view path) {
  const NameKind kind = formats::vmware::parse_name(formats::core::file_name(path)).kind;
  if (formats::vmware::names_a_configuration(path)) return FileRole::machine;
  if (formats::vmware::is_called_like_data(kind)) return FileRole::raw_extent;
  if (kind == NameKind::snapshot_list) return FileRole::snapshot_list;
  if (kind == NameKind::tracking) return FileRole::tracking_file;
  return kind == NameKind::disk ? FileRole::disk : FileRole::unknown;
}

// Without a descriptor inside it is a piece of a disk. Where one is only cut off it is a damaged disk.
FileRole role_of_sparse(const ByteSource& source) {
  const auto extent = formats::vmdk::decode_sparse(source);
  const bool is_piece = extent && !extent->embedded_descriptor && extent->embedded_end_bytes() <= source.size_bytes();
  return is_piece ? FileRole::sparse_extent : FileRole::disk;
}

std::optional<FileRole> role_of_content(const ByteSource& source, const std::string& path) {
  const auto head = formats::core::read_head(source, formats::identify_bytes);
  if (!head) return std::nullopt;
  switch (formats::identify(*head, formats::core::file_name(path))) {
    case FileKind::vmx:
      return FileRole::machine;
    case FileKind::vmsd:
      return FileRole::snapshot_list;
    case FileKind::descriptor:
      return FileRole::disk;
    case FileKind::cowd:
    case FileKind::sesparse:
      return FileRole::sparse_extent;
    case FileKind::hosted_sparse:
      return role_of_sparse(source);
    case FileKind::ctk:
      return FileRole::tracking_file;
    case FileKind::empty:
    case FileKind::data:
      break;
  }
  return role_of_name(path);
}

// The bytes of a file that nobody knows are shown by `ctk show`, and refused with their reason by the others.
bool is_taken(FileRole role, Takes takes) {
  switch (takes) {
    case Takes::file:
      return role != FileRole::folder;
    case Takes::machine_or_disk:
      return role == FileRole::machine || role == FileRole::disk;
    case Takes::disk:
      return role == FileRole::disk;
    case Takes::image:
      return role == FileRole::disk || role == FileRole::raw_extent || role == FileRole::unknown;
    case Takes::tracking_file:
      return role == FileRole::tracking_file || role == FileRole::unknown;
  }
  return false;
}

std::string_view words_of(FileRole role) {
  switch (role) {
    case FileRole::folder:
      return "a folder";
    case FileRole::machine:
      return "a VM's configuration";
    case FileRole::snapshot_list:
      return "a snapshot list";
    case FileRole::disk:
      return "a disk's descriptor";
    case FileRole::sparse_extent:
      return "a sparse extent";
    case FileRole::raw_extent:
      return "a disk's data";
    case FileRole::tracking_file:
      return "a CTK file";
    case FileRole::unknown:
      break;
  }
  return "of no known kind";
}

std::string_view words_of(Takes takes) {
  switch (takes) {
    case Takes::file:
      return "a file";
    case Takes::machine_or_disk:
      return "a .vmx or a disk's descriptor";
    case Takes::disk:
      return "a disk's descriptor";
    case Takes::image:
      return "a disk's descriptor or a raw image";
    case Takes::tracking_file:
      break;
  }
  return "a CTK file";
}

std::string_view reader_of(FileRole role) {
  switch (role) {
    case FileRole::folder:
      return "scan";
    case FileRole::machine:
    case FileRole::disk:
      return "chain";
    case FileRole::tracking_file:
      return "ctk show";
    case FileRole::snapshot_list:
    case FileRole::sparse_extent:
    case FileRole::raw_extent:
    case FileRole::unknown:
      break;
  }
  return "show";
}

std::string told_tracking_file(const FileOpener& files, const Location& disk) {
  const auto file = open_named(files, disk);
  if (!file) return {};
  const auto content = disk::read_descriptor(*file);
  if (!content) return {};
  return content->change_track_path ? "; its CTK file is " + *content->change_track_path : "; it names no CTK file";
}

Error not_taken(const FileOpener& files, const Location& file, FileRole role, Takes takes) {
  std::string told = file.text + ": is " + std::string(words_of(role)) + ", expected " + std::string(words_of(takes)) +
                     "; cbtctl " + std::string(reader_of(role)) + " reads it";
  if (takes == Takes::tracking_file && role == FileRole::disk) told += told_tracking_file(files, file);
  return {ErrorKind::usage, std::move(told)};
}

}  // namespace

Result<std::optional<FileRole>> role_of(const FileOpener& files, const Location& file, Takes takes) {
  std::optional<FileRole> role;
  if (const auto source = files.open(file))
    role = role_of_content(**source, file.path);
  else if (files.is_folder(file))
    role = FileRole::folder;
  if (role && !is_taken(*role, takes)) return not_taken(files, file, *role, takes);
  return role;
}

Result<std::vector<std::optional<FileRole>>> roles_of(const FileOpener& files, const std::vector<Location>& arguments,
                                                      Takes takes) {
  std::vector<std::optional<FileRole>> roles;
  std::string refused;
  for (const Location& file : arguments) {
    const auto role = role_of(files, file, takes);
    if (!role) refused += (refused.empty() ? "" : "; ") + role.error().message;
    roles.push_back(role ? *role : std::nullopt);
  }
  if (!refused.empty()) return Error{ErrorKind::usage, std::move(refused)};
  return roles;
}

}  // namespace cbtctl::cli
