#include "formats/vmdk/descriptor.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "formats/core/checked.h"
#include "formats/core/hex.h"

namespace formats::vmdk {
namespace {

using core::Error;
using core::ErrorKind;
using text::equal_ignoring_case;
using text::lower;

struct KindName {
  std::string_view type;
  ExtentKind kind;
};
constexpr std::array<KindName, 9> extent_types{{{"flat", ExtentKind::flat},
                                                {"vmfs", ExtentKind::vmfs},
                                                {"vmfssparse", ExtentKind::vmfs_sparse},
                                                {"sesparse", ExtentKind::sesparse},
                                                {"vsansparse", ExtentKind::vsan_sparse},
                                                {"vmfsrdm", ExtentKind::vmfs_rdm},
                                                {"vmfsraw", ExtentKind::vmfs_raw},
                                                {"sparse", ExtentKind::sparse},
                                                {"zero", ExtentKind::zero}}};

ExtentKind kind_of(std::string_view type) {
  const auto found = std::find_if(extent_types.begin(), extent_types.end(),
                                  [&](const KindName& k) { return equal_ignoring_case(k.type, type); });
  return found == extent_types.end() ? ExtentKind::other : found->kind;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view take_word(std::string_view& line) {
  const auto begin = std::find_if_not(line.begin(), line.end(), is_blank);
  const auto end = std::find_if(begin, line.end(), is_blank);
  line = {end, line.end()};
  return {begin, end};
}

template <typename T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_access(std::string_view word) { return word == "RW" || word == "RDONLY" || word == "NOACCESS"; }

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

core::Defect defect(std::string field, std::string expected, std::string found) {
  std::string message = field + ": expected " + expected + ", found " + found;
  return {std::move(field), 0, std::move(expected), std::move(found), std::move(message)};
}

// `RW 83886080 VMFS "x-flat.vmdk" [offset]`; false where the line does not begin like one.
bool read_extent(const text::OtherLine& line, Descriptor& descriptor) {
  std::string_view rest = line.text;
  const std::string_view access = take_word(rest);
  if (!is_access(access)) return false;
  const std::string field = "extent on line " + std::to_string(line.line_number);
  ExtentLine extent{.access = std::string(access), .type = {}, .file_name = {}, .line_number = line.line_number};
  const std::string_view sectors = take_word(rest);
  const auto count = parse_number<std::uint64_t>(sectors);
  extent.type = std::string(take_word(rest));
  extent.kind = kind_of(extent.type);
  if (!count || extent.type.empty()) {
    descriptor.decode_defects.push_back(defect(field, "access, sectors and type", in_quotes(line.text)));
    return true;
  }
  extent.sectors = *count;
  const std::size_t open = rest.find('"');
  const std::size_t close = open == std::string_view::npos ? open : rest.rfind('"');
  if (open != std::string_view::npos && close > open) {
    extent.file_name = std::string(rest.substr(open + 1, close - open - 1));
    rest.remove_prefix(close + 1);
    extent.offset_sectors = parse_number<std::uint64_t>(take_word(rest)).value_or(0);
  } else if (extent.kind != ExtentKind::zero) {
    descriptor.decode_defects.push_back(defect(field, "a file name in quotes", in_quotes(line.text)));
  }
  descriptor.extents.push_back(std::move(extent));
  return true;
}

std::optional<std::uint32_t> read_cid(const text::Entry& entry, Descriptor& descriptor) {
  const auto value = parse_number<std::uint32_t>(entry.value, 16);
  if (!value)
    descriptor.decode_defects.push_back(defect(std::string(entry.key), "up to 8 hex digits", in_quotes(entry.value)));
  return value;
}

core::Defect contradiction(const text::Entry& entry) {
  return defect(std::string(entry.key), "one value", "two that differ");
}

// A key of the header that stands twice with two values contradicts itself; the first stays.
template <typename Value>
void set_once(std::optional<Value>& known, std::optional<Value> value, const text::Entry& entry,
              Descriptor& descriptor) {
  if (known && value && known != value) descriptor.decode_defects.push_back(contradiction(entry));
  if (!known) known = std::move(value);
}

void set_once(std::string& known, const text::Entry& entry, Descriptor& descriptor) {
  if (!known.empty() && known != entry.value) descriptor.decode_defects.push_back(contradiction(entry));
  if (known.empty()) known = entry.value;
}

// "vmwarelwd,web01_1-5b3ab4b4.vmfd;": filters and their files; a name with an extension is a file's.
std::vector<std::string> sidecars_of(std::string_view value) {
  std::vector<std::string> files;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(",; \t"), value.size());
    const std::string_view word = value.substr(0, end);
    value.remove_prefix(std::min(end + 1, value.size()));
    if (lower(word).ends_with(".vmfd")) files.emplace_back(word);
  }
  return files;
}

void read_entry(const text::Entry& entry, Descriptor& descriptor) {
  const auto is = [&](std::string_view key) { return equal_ignoring_case(entry.key, key); };
  if (equal_ignoring_case(entry.key.substr(0, 4), "ddb.")) descriptor.ddb.emplace_back(entry.key, entry.value);
  if (is("version")) {
    const auto version = parse_number<unsigned>(entry.value);
    if (!version) descriptor.decode_defects.push_back(defect("version", "a number", in_quotes(entry.value)));
    set_once(descriptor.version, version, entry, descriptor);
  } else if (is("cid")) {
    set_once(descriptor.cid, read_cid(entry, descriptor), entry, descriptor);
  } else if (is("parentcid")) {
    set_once(descriptor.parent_cid, read_cid(entry, descriptor), entry, descriptor);
  } else if (is("createtype")) {
    set_once(descriptor.create_type, entry, descriptor);
  } else if (is("parentfilenamehint")) {
    set_once(descriptor.parent_hint, entry, descriptor);
  } else if (is("changetrackpath")) {
    set_once(descriptor.change_track_path, std::optional<std::string>(entry.value), entry, descriptor);
  } else if (is("isnativesnapshot")) {
    descriptor.native_snapshot = equal_ignoring_case(entry.value, "yes");
  } else if (is("encryptionkeys")) {
    descriptor.encrypted |= !entry.value.empty();
  } else if (is("ddb.iofilters")) {
    descriptor.encrypted |= lower(entry.value).find("vmwarevmcrypt") != std::string::npos;
  } else if (is("ddb.adaptertype")) {
    descriptor.adapter_type = entry.value;
  } else if (is("ddb.uuid")) {
    descriptor.disk_uuid = lower(entry.value);
  } else if (is("ddb.longcontentid")) {
    descriptor.long_content_id = entry.value;
  } else if (is("ddb.sidecars")) {
    descriptor.sidecars = sidecars_of(entry.value);
  } else if (is("ddb.thinprovisioned")) {
    descriptor.thin_provisioned = entry.value == "1" || equal_ignoring_case(entry.value, "TRUE");
  } else if (is("ddb.virtualhwversion")) {
    descriptor.virtual_hardware_version = parse_number<unsigned>(entry.value);
  }
}

bool has_title(const text::Document& document) {
  static constexpr std::string_view glued = "#disk descriptorfile";
  return std::any_of(document.other_lines().begin(), document.other_lines().end(), [](const text::OtherLine& line) {
    std::string_view rest = line.text;
    if (take_word(rest) != "#") return equal_ignoring_case(line.text.substr(0, glued.size()), glued);
    return equal_ignoring_case(take_word(rest), "disk") && equal_ignoring_case(take_word(rest), "descriptorfile");
  });
}

}  // namespace

core::Result<std::optional<std::string>> descriptor_text(std::span<const std::byte> bytes, bool is_all) {
  const auto end = std::find(bytes.begin(), bytes.end(), std::byte{0});
  const bool has_end = end != bytes.end() || is_all;
  if (!has_end && bytes.size() <= max_descriptor_bytes) return std::optional<std::string>();
  const auto length = static_cast<std::size_t>(end - bytes.begin());
  if (length <= max_descriptor_bytes) return std::optional(core::text_of(bytes.first(length)));
  return Error{ErrorKind::malformed,
               "is longer than " + std::to_string(max_descriptor_bytes) + " bytes: no descriptor is"};
}

core::Result<std::string> read_descriptor_text(const core::ByteSource& file) {
  constexpr std::size_t usual_bytes = 64 << 10;
  for (const std::size_t length : {usual_bytes, max_descriptor_bytes + 1}) {
    const auto head = core::read_head(file, length);
    if (!head) return head.error();
    auto text = descriptor_text(*head, head->size() < length);
    if (!text) return text.error();
    if (*text) return std::move(**text);
  }
  return Error{ErrorKind::changed, "grew while it was read"};
}

core::Result<Descriptor> decode_embedded_descriptor(const std::string& text) {
  auto descriptor = decode_descriptor(text::Document::decode(text));
  if (descriptor) descriptor->is_embedded = true;
  return descriptor;
}

core::Result<Descriptor> decode_descriptor(const text::Document& document) {
  Descriptor descriptor;
  descriptor.encoding = document.encoding();
  descriptor.states_encoding = document.states_encoding();
  for (const text::Entry& entry : document.entries()) read_entry(entry, descriptor);
  for (const text::OtherLine& line : document.other_lines()) read_extent(line, descriptor);
  const bool has_body = !descriptor.create_type.empty() && !descriptor.extents.empty();
  if (!has_title(document) && !has_body) {
    return Error{ErrorKind::malformed,
                 "is no descriptor: it has neither the line '# Disk DescriptorFile' nor createType and an extent"};
  }
  for (std::string* name : {&descriptor.parent_hint, &descriptor.create_type}) {
    *name = text::to_utf8(*name, descriptor.encoding).value_or(*name);
  }
  if (descriptor.change_track_path) {
    descriptor.change_track_path =
        text::to_utf8(*descriptor.change_track_path, descriptor.encoding).value_or(*descriptor.change_track_path);
  }
  for (auto& [key, value] : descriptor.ddb) value = text::to_utf8(value, descriptor.encoding).value_or(value);
  for (ExtentLine& extent : descriptor.extents) {
    extent.file_name = text::to_utf8(extent.file_name, descriptor.encoding).value_or(extent.file_name);
  }
  return descriptor;
}

std::optional<std::uint64_t> Descriptor::capacity_bytes() const {
  if (extents.empty()) return std::nullopt;
  std::optional<std::uint64_t> sectors = 0;
  for (const ExtentLine& extent : extents) sectors = sectors ? core::checked_add(*sectors, extent.sectors) : sectors;
  return sectors ? core::checked_multiply(*sectors, core::sector_bytes) : std::nullopt;
}

std::optional<std::uint32_t> Descriptor::cid_of_parent() const {
  constexpr std::uint32_t no_parent = 0xFFFFFFFF;
  return parent_cid == no_parent ? std::nullopt : parent_cid;
}

bool Descriptor::lies_in_objects() const {
  const auto is_object = [](const ExtentLine& line) {
    return line.kind == ExtentKind::vsan_sparse || line.file_name.starts_with("vsan://") ||
           line.file_name.starts_with("vvol://");
  };
  return equal_ignoring_case(create_type, "vsanSparse") || std::any_of(extents.begin(), extents.end(), is_object);
}

bool Descriptor::is_hosted_format() const {
  const std::string type = text::lower(create_type);
  return type.starts_with("monolithic") || type.starts_with("twogbmaxextent") || type == "streamoptimized";
}

core::Defects Descriptor::check() const {
  core::Defects defects = decode_defects;
  if (extents.empty()) defects.push_back(defect("extents", "at least one", "none"));
  const bool is_itself = extents.size() == 1 && extents.front().kind == ExtentKind::sparse;
  if (is_embedded && !extents.empty() && !is_itself)
    defects.push_back(defect("extents", "one of type SPARSE, the file itself",
                             std::to_string(extents.size()) + ", the first of type " + extents.front().type));
  if (create_type.empty()) defects.push_back(defect("createType", "a type", "none"));
  if (!cid) defects.push_back(defect("CID", "8 hex digits", "none"));
  if (!extents.empty() && !capacity_bytes())
    defects.push_back(defect("extents", "a capacity below 2^64 bytes", "more"));
  const auto parent = cid_of_parent();
  if (parent && parent_hint.empty() && !native_snapshot) {
    defects.push_back(defect("parentFileNameHint", "the parent of CID " + core::hex32(*parent), "none"));
  }
  if (!parent && !parent_hint.empty()) {
    defects.push_back(defect("parentCID", "the CID of " + parent_hint, "none"));
  }
  return defects;
}

std::string_view name_of(ExtentKind kind) {
  switch (kind) {
    case ExtentKind::flat:
    case ExtentKind::vmfs:
      return "flat";
    case ExtentKind::vmfs_sparse:
      return "cowd";
    case ExtentKind::sesparse:
      return "sesparse";
    case ExtentKind::vsan_sparse:
      return "vsan-sparse";
    case ExtentKind::vmfs_rdm:
      return "rdm";
    case ExtentKind::vmfs_raw:
      return "raw-device";
    case ExtentKind::sparse:
      return "hosted-sparse";
    case ExtentKind::zero:
      return "zero";
    case ExtentKind::other:
      return "other";
  }
  return {};
}

}  // namespace formats::vmdk
