#include "discovery/decode.h"

#include <string>

#include "formats/core/path.h"
#include "formats/text/document.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::Result;
using formats::text::Document;

bool is_cut(const storage::Fetched& fetched, std::size_t limit) {
  return !fetched.whole && fetched.bytes.size() < limit;
}

Error too_long(std::size_t limit) {
  return {ErrorKind::malformed, "is longer than " + std::to_string(limit) + " bytes: no such file is"};
}

Document document_of(const storage::Fetched& fetched) {
  return Document::decode(formats::core::text_of(fetched.bytes));
}

void keep(Result<formats::vmdk::Descriptor> content, DecodedDisk& disk) {
  if (content) {
    disk.descriptor = std::move(*content);
  } else {
    disk.error = content.error();
  }
}

// False where more has to be read.
bool decode_descriptor(const storage::Fetched& fetched, DecodedDisk& disk) {
  auto text = formats::vmdk::descriptor_text(fetched.bytes, fetched.whole);
  if (!text) {
    disk.error = text.error();
    return true;
  }
  if (!*text) return false;
  keep(formats::vmdk::decode_descriptor(Document::decode(std::move(**text))), disk);
  return true;
}

// False where more has to be read.
bool decode_extent(const storage::Fetched& fetched, DecodedDisk& disk) {
  auto extent = formats::vmdk::decode_sparse(formats::core::SpanSource(fetched.bytes));
  if (!extent) {
    disk.error = extent.error();
    return true;
  }
  if (is_cut(fetched, static_cast<std::size_t>(extent->embedded_end_bytes()))) return false;
  if (extent->embedded_descriptor) keep(formats::vmdk::decode_embedded_descriptor(*extent->embedded_descriptor), disk);
  disk.sparse = std::make_shared<formats::vmdk::SparseExtent>(std::move(*extent));
  return true;
}

}  // namespace

std::any decode_configuration(const storage::Fetched& fetched, std::string_view) {
  if (is_cut(fetched, most_text_bytes)) return {};
  if (!fetched.whole) return Result<formats::vmx::Configuration>(too_long(most_text_bytes));
  return formats::vmx::decode(document_of(fetched));
}

std::any decode_snapshot_list(const storage::Fetched& fetched, std::string_view) {
  if (is_cut(fetched, most_text_bytes)) return {};
  if (!fetched.whole) return Result<formats::vmsd::SnapshotList>(too_long(most_text_bytes));
  return formats::vmsd::decode(document_of(fetched));
}

std::any decode_disk(const storage::Fetched& fetched, std::string_view path) {
  DecodedDisk disk{.kind = formats::identify(fetched.bytes, file_name(path))};
  switch (disk.kind) {
    case FileKind::descriptor:
      if (!decode_descriptor(fetched, disk)) return {};
      break;
    case FileKind::cowd:
    case FileKind::sesparse:
    case FileKind::hosted_sparse:
      if (is_cut(fetched, sparse_head_bytes)) return {};
      if (!decode_extent(fetched, disk)) return {};
      break;
    case FileKind::ctk:
      if (auto header = formats::ctk::decode(fetched.bytes)) disk.tracking = *header;
      break;
    case FileKind::vmx:
    case FileKind::vmsd:
    case FileKind::empty:
    case FileKind::data:
      break;
  }
  return disk;
}

}  // namespace cbtctl::discovery
