#include "formats/identify.h"

#include <algorithm>
#include <string>

#include "formats/core/checked.h"
#include "formats/core/endian.h"
#include "formats/core/path.h"
#include "formats/ctk/tracking_file.h"
#include "formats/text/document.h"
#include "formats/vmware/names.h"

namespace formats {
namespace {

constexpr std::uint32_t cowd_magic = 0x44574F43;    // "COWD"
constexpr std::uint32_t hosted_magic = 0x564D444B;  // "KDMV"
constexpr std::uint64_t sesparse_magic = 0xCAFEBABE;

constexpr std::string_view descriptor_title = "# Disk DescriptorFile";

// What the lines of a text show; a cut last line does no harm.
FileKind kind_of_text(const std::string& head, std::string_view file_name) {
  if (head.starts_with(descriptor_title)) return FileKind::descriptor;
  const auto document = text::Document::decode(head);
  bool create_type = false;
  bool extent = false;
  for (const text::OtherLine& line : document.other_lines()) {
    const std::string low = text::lower(line.text);
    if (low.starts_with("# disk descriptorfile") || low.starts_with("#disk descriptorfile"))
      return FileKind::descriptor;
    extent |= low.starts_with("rw ") || low.starts_with("rdonly ") || low.starts_with("noaccess ");
  }
  bool configuration = false;
  bool snapshots = false;
  for (const text::Entry& entry : document.entries()) {
    const std::string key = text::lower(entry.key);
    create_type |= key == "createtype";
    snapshots |= key.starts_with("snapshot.") || key.starts_with("snapshot0.");
    configuration |= key == "config.version" || key == "virtualhw.version" || key == "displayname" || key == "guestos";
  }
  if (create_type && extent) return FileKind::descriptor;
  const bool is_called_vmsd = vmware::parse_name(core::file_name(file_name)).kind == vmware::NameKind::snapshot_list;
  if (configuration && !(snapshots && is_called_vmsd)) return FileKind::vmx;
  if (snapshots) return FileKind::vmsd;
  if (document.entries().empty()) return FileKind::data;
  if (is_called_vmsd) return FileKind::vmsd;
  return vmware::names_a_configuration(file_name) ? FileKind::vmx : FileKind::data;
}

}  // namespace

FileKind identify(std::span<const std::byte> head, std::string_view file_name) {
  if (head.empty()) return FileKind::empty;
  const auto magic = core::load<core::le32>(head);
  if (magic == ctk::signature) return FileKind::ctk;
  if (magic == cowd_magic) return FileKind::cowd;
  if (magic == hosted_magic) return FileKind::hosted_sparse;
  if (const auto wide = core::load<core::le64>(head); wide == sesparse_magic) return FileKind::sesparse;
  const auto part = head.first(std::min(head.size(), identify_bytes));
  const auto text_end = std::find(part.begin(), part.end(), std::byte{0});
  if (text_end == part.end()) return kind_of_text(core::text_of(part), file_name);
  // A descriptor ends at its first NUL byte (vmdk::descriptor_text); qemu-img fills its last sector with them.
  const std::string text = core::text_of({part.begin(), text_end});
  return text.starts_with(descriptor_title) ? FileKind::descriptor : FileKind::data;
}

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::vmx:
      return "vmx";
    case FileKind::vmsd:
      return "vmsd";
    case FileKind::descriptor:
      return "descriptor";
    case FileKind::cowd:
      return "cowd";
    case FileKind::sesparse:
      return "sesparse";
    case FileKind::hosted_sparse:
      return "hosted_sparse";
    case FileKind::ctk:
      return "ctk";
    case FileKind::empty:
      return "empty";
    case FileKind::data:
      return "data";
  }
  return {};
}

}  // namespace formats
