// One file by itself, decoded by what its content shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/defect.h"
#include "formats/core/result.h"
#include "formats/ctk/table.h"
#include "formats/ctk/tracking_file.h"
#include "formats/identify.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/sparse.h"
#include "formats/vmsd/snapshots.h"
#include "formats/vmx/configuration.h"

namespace cbtctl::model {

struct InspectedFile {
  std::string path;                              // as the user gave it
  std::optional<std::uint64_t> size_bytes;       // nothing: no such file could be opened
  std::optional<std::uint64_t> allocated_bytes;  // where the file system tells
  std::optional<formats::FileKind> kind;
  std::optional<formats::core::Error> error;  // the bytes could not be had (nothing else is set), or do not decode
  std::optional<formats::vmx::Configuration> configuration;
  std::optional<formats::vmsd::SnapshotList> snapshots;
  std::optional<formats::vmdk::Descriptor> descriptor;  // also one embedded in a sparse extent
  std::optional<formats::vmdk::SparseExtent> sparse;
  std::optional<formats::ctk::Reading> tracking;
  std::optional<formats::ctk::TableTotals> totals;        // `ctk show`
  std::vector<std::byte> head;                            // the first 512 bytes
  std::optional<formats::vmdk::DiskSignature> signature;  // of data: what the first sector shows
  formats::core::Defects defects;
};

}  // namespace cbtctl::model
