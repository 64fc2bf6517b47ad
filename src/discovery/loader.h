// Fetches what the tree shows to be interesting, in bulk, and parses it into the model.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "discovery/decode.h"
#include "discovery/tree.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

class Loader {
 public:
  Loader(const Tree& tree, model::Datastore& datastore) : tree_(tree), datastore_(datastore) {}

  // Wants everything in a place that its name makes worth reading.
  void want_by_name(std::size_t place);

  // Resolves every reference and reads what is referred to and was not read, until nothing new turns up; reads what
  // looks like disk data and nobody refers to; then knows all tracking files.
  void load_by_reference();

  [[nodiscard]] const Spot& spot_of(model::Index file) const { return spots_[file]; }
  // Where `written`, a workingDir, leads; nothing where it is empty, "." or out of the scan.
  [[nodiscard]] std::optional<Spot> folder_named(const Spot& folder, const std::string& written) const;

 private:
  enum class Reading { configuration, snapshot_list, disk, status };
  struct Wanted {
    model::Index file = 0;
    Reading reading = Reading::disk;
    std::size_t most_bytes = 0;
    bool with_status = false;
  };

  // With what the tree says of the spot where it is known.
  model::Index file_at(const Spot& spot, Lookup seen = {});
  model::Index new_file(const Spot& spot, const Lookup& seen);
  void make_room();
  model::Reference refer(const Spot& folder, const std::string& written);
  void want(Wanted wanted);
  void fetch_wanted();
  [[nodiscard]] storage::Request request_for(const Wanted& wanted) const;
  void answer(const Wanted& wanted, storage::Reply& reply);
  void keep(Wanted wanted, storage::Fetched& fetched);
  void add_machine(model::Index file, formats::core::Result<formats::vmx::Configuration> settings);
  void add_snapshot_list(model::Index file, formats::core::Result<formats::vmsd::SnapshotList> content);
  void add_disk(model::Index file, DecodedDisk& disk);

  // In loader_references.cpp.
  void refer_from_all();
  void refer_from_machines();
  void refer_from_snapshot_lists();
  void refer_from_descriptors();
  void refer_from(model::Descriptor& descriptor);
  void want_disk(const model::Reference& reference);
  void want_extent(const model::Extent& extent);
  void want_unclaimed_data();
  void collect_tracking_files();

  const Tree& tree_;
  model::Datastore& datastore_;
  std::vector<Spot> spots_;                                     // by file
  std::vector<std::optional<model::Index>> file_by_number_;     // of the tree's entries
  std::unordered_map<std::string, model::Index> file_by_spot_;  // of those that no listing shows
  std::vector<Wanted> wanted_;
  std::vector<bool> asked_;        // by file: its bytes or its status were asked for
  std::vector<bool> claimed_;      // by file: an extent line names it, or its head was read since none does
  std::size_t machines_done_ = 0;  // how many of each had their references resolved
  std::size_t snapshot_files_done_ = 0;
  std::size_t descriptors_done_ = 0;
};

}  // namespace cbtctl::discovery
