// FILE and VM arguments of the verbs that look inside disks: chains, raw images, CTK files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/file_opener.h"
#include "cli/resolver.h"
#include "disk/chain.h"
#include "disk/tracking.h"
#include "formats/vmsd/snapshots.h"
#include "report/chain.h"

namespace cbtctl::cli {

struct NamedChain {
  std::string vm;  // the .vmx; empty where a disk was named
  std::string slot;
  std::string path;
  disk::Finder finder;  // of what the chain's files name
  std::optional<disk::Chain> chain;
  std::optional<formats::core::Error> error;
  std::optional<formats::vmsd::SnapshotList> snapshots;
};
// One per disk: a .vmx has as many as it has disks. `usage` where an argument is neither a .vmx nor a disk, or no
// machine has a disk of these slots.
[[nodiscard]] formats::core::Result<std::vector<NamedChain>> open_chains(
    const FileOpener& files, const std::vector<storage::Location>& arguments, const std::vector<std::string>& slots);

// --map, and how hosts are reached: of every verb that follows what files name.
void add_file_options(Options& own);
// These and --disk.
[[nodiscard]] Options disk_options();
// --allow-mismatch.
void allow_mismatch(Options& own);
// With --allow-mismatch: what is allowed.
void warn_of_mismatches(const disk::Chain& chain);
[[nodiscard]] report::ChainSubject subject_of(const NamedChain& named);
// Tells why a chain could not be opened, or ends early. What was not obtained counts as 8, and so does a file that the
// user named and of which nothing at all can be shown, unless it is in use; else what is damaged, encrypted, in use,
// outside or missing does not.
[[nodiscard]] int status_of(const NamedChain& named);

// A chain where the file is a descriptor or holds one, else its bytes as they are. `usage` where it is no image.
formats::core::Result<std::shared_ptr<const formats::core::ByteSource>> open_image(const FileOpener& files,
                                                                                   const storage::Location& file,
                                                                                   bool allow_mismatch);

// `usage` where it is no CTK file but another kind.
formats::core::Result<disk::Tracking> open_ctk(const FileOpener& files, const storage::Location& file);

}  // namespace cbtctl::cli
