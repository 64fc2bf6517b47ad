// What the first bytes of a file mean to the model. Pure functions: a reader's workers call them.
#pragma once

#include <any>
#include <memory>
#include <optional>
#include <string_view>

#include "formats/core/result.h"
#include "formats/ctk/tracking_file.h"
#include "formats/identify.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/sparse.h"
#include "formats/vmsd/snapshots.h"
#include "formats/vmx/configuration.h"
#include "storage/reader.h"

namespace cbtctl::discovery {

// Of every file but a configuration or a snapshot list.
struct DecodedDisk {
  formats::FileKind kind = formats::FileKind::data;
  std::optional<formats::vmdk::Descriptor> descriptor;  // also one embedded in a sparse extent
  std::shared_ptr<formats::vmdk::SparseExtent> sparse;  // rare, and large
  std::optional<formats::ctk::Header> tracking;
  std::optional<formats::core::Error> error;
};

// The most that is read of a text, and of a sparse extent: header, volatile header and embedded descriptor.
inline constexpr std::size_t most_text_bytes = 4U << 20U;
inline constexpr std::size_t head_bytes = 4096;  // of a file whose kind is asked
inline constexpr std::size_t sparse_head_bytes = 64U << 10U;
// What is read where that does not hold a descriptor, alone or embedded, whole.
inline constexpr std::size_t most_disk_bytes = formats::vmdk::max_embedded_end_bytes;

// storage::Decoder each. Nothing: too little was read of what turned out to be a text or a sparse extent; it has to be
// read again, up to the limits above.
std::any decode_configuration(const storage::Fetched& fetched, std::string_view path);  // Result<Configuration>
std::any decode_snapshot_list(const storage::Fetched& fetched, std::string_view path);  // Result<SnapshotList>
std::any decode_disk(const storage::Fetched& fetched, std::string_view path);           // DecodedDisk

}  // namespace cbtctl::discovery
