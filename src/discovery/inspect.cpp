#include "discovery/inspect.h"

#include <algorithm>

#include "discovery/decode.h"
#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using model::InspectedFile;

formats::core::Result<std::string> read_text(const formats::core::ByteSource& source) {
  if (source.size_bytes() > most_text_bytes)
    return Error{ErrorKind::malformed, "is longer than " + std::to_string(most_text_bytes) + " bytes: no such file is"};
  const auto bytes = formats::core::read_exact(source, 0, source.size_bytes());
  if (!bytes) return bytes.error();
  return formats::core::text_of(*bytes);
}

void decode_text(const formats::core::ByteSource& source, InspectedFile& file) {
  auto text = file.kind == FileKind::descriptor ? formats::vmdk::read_descriptor_text(source) : read_text(source);
  if (!text) {
    file.error = text.error();
    return;
  }
  const auto document = formats::text::Document::decode(std::move(*text));
  const auto keep = [&](auto result, auto& where) {
    if (result) {
      where = std::move(*result);
    } else {
      file.error = result.error();
    }
  };
  if (file.kind == FileKind::vmx) keep(formats::vmx::decode(document), file.configuration);
  if (file.kind == FileKind::vmsd) keep(formats::vmsd::decode(document), file.snapshots);
  if (file.kind == FileKind::descriptor) keep(formats::vmdk::decode_descriptor(document), file.descriptor);
  if (file.descriptor) file.defects = file.descriptor->check();
}

void decode_extent(const formats::core::ByteSource& source, InspectedFile& file) {
  auto extent = formats::vmdk::decode_sparse(source);
  if (!extent) {
    file.error = extent.error();
    return;
  }
  std::optional<std::uint64_t> capacity;
  if (extent->embedded_descriptor) {
    auto descriptor = formats::vmdk::decode_embedded_descriptor(*extent->embedded_descriptor);
    if (descriptor) {
      capacity = descriptor->capacity_bytes();
      file.descriptor = std::move(*descriptor);
      file.defects = file.descriptor->check();
    }
  }
  const auto more = formats::vmdk::check(*extent, source.size_bytes(), capacity);
  file.defects.insert(file.defects.end(), more.begin(), more.end());
  const auto at_end = formats::vmdk::check_footer(*extent, source);
  if (at_end) file.defects.insert(file.defects.end(), at_end->begin(), at_end->end());
  if (!at_end) file.error = at_end.error();
  file.sparse = std::move(*extent);
}

void read_tracking_header(InspectedFile& file, const formats::ctk::Circumstances& known) {
  const auto header = formats::ctk::decode(file.head);
  if (header)
    file.tracking = formats::ctk::read(*header, *file.size_bytes, known);
  else
    file.error = header.error();
}

InspectedFile identified(const formats::core::ByteSource& source, const std::string& path) {
  InspectedFile file;
  file.path = path;
  file.size_bytes = source.size_bytes();
  file.allocated_bytes = source.allocated_bytes();
  auto head = formats::core::read_head(source, formats::identify_bytes);
  if (!head) {
    file.error = head.error();
    return file;
  }
  file.kind = formats::identify(*head, file_name(path));
  if (file.kind == FileKind::data) {
    file.signature = formats::vmdk::first_sector_signature({head->data(), std::min<std::size_t>(head->size(), 1024)});
  }
  head->resize(std::min<std::size_t>(head->size(), formats::ctk::header_bytes));
  file.head = std::move(*head);
  return file;
}

}  // namespace

InspectedFile inspect(const formats::core::ByteSource& source, const std::string& path) {
  InspectedFile file = identified(source, path);
  if (file.error) return file;
  switch (*file.kind) {
    case FileKind::vmx:
    case FileKind::vmsd:
    case FileKind::descriptor:
      decode_text(source, file);
      break;
    case FileKind::cowd:
    case FileKind::sesparse:
    case FileKind::hosted_sparse:
      decode_extent(source, file);
      break;
    case FileKind::ctk:
      read_tracking_header(file, {.with_fields = true});
      break;
    case FileKind::empty:
    case FileKind::data:
      break;
  }
  return file;
}

InspectedFile inspect_tracking(const formats::core::ByteSource& source, const std::string& path, const Totals& total,
                               std::optional<std::uint64_t> disk_sectors) {
  InspectedFile file = identified(source, path);
  if (file.error || file.kind != FileKind::ctk) return file;
  formats::ctk::Circumstances known{.disk_sectors = disk_sectors, .newest_entry = {}, .with_fields = true};
  read_tracking_header(file, known);
  if (!file.tracking) return file;
  const auto shape = formats::ctk::table_shape(*file.tracking);
  if (!shape) return file;
  auto totals = total(source, *shape);
  if (!totals) {
    file.error = totals.error();
    return file;
  }
  known.newest_entry = totals->greatest_entry;
  read_tracking_header(file, known);
  file.totals = std::move(*totals);
  return file;
}

}  // namespace cbtctl::discovery
