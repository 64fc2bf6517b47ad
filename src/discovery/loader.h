// Fetches what the tree shows to be interesting, in bulk, and parses it into the model.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "discovery/decode.h"
#include "discovery/names.h"
#include "discovery/tree.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

class Loader {
 public:
  Loader(const Tree& tree, model::Datastore& datastore) : tree_(tree), datastore_(datastore) {}

  // Wants everything in a folder that its name makes worth reading, and takes what was read of it already.
  void meet(Tree::Visited& visited);
  // What a reader is to read as soon as it lists it: storage::Chooser.
  static std::optional<storage::FetchRequest> glance(std::string_view name);

  // Resolves every reference and reads what is referred to and was not read, until nothing new turns up; reads what
  // looks like disk data and nobody refers to; then knows all tracking files.
  void load_by_reference();

  [[nodiscard]] Spot spot_of(model::Index file) const { return tree_.spot_of(datastore_.files[file]); }
  // Where `written`, a workingDir, leads; nothing where it is empty, "." or out of the scan.
  [[nodiscard]] std::optional<Resolved> folder_named(const Spot& folder, const std::string& written) const;

 private:
  enum class Reading { configuration, snapshot_list, disk, status };
  struct Wanted {
    model::Index file = 0;
    Reading reading = Reading::disk;
    std::size_t most_bytes = 0;
    bool with_status = false;
    std::size_t refused = 0;  // by so many places that reach it
  };
  // "X-ctk.vmdk", and the "X.vmdk" beside it.
  struct CalledTracking {
    model::Index file = 0;
    std::optional<model::Index> disk;
  };
  static std::optional<Wanted> first_wanted(NameHint hint);
  static storage::Decoder decoder_of(Reading reading);
  const storage::Entry* find_ignoring_case(const Folder& folder, std::string_view name);
  static std::size_t next_bytes(const Wanted& wanted);

  void foresee(std::size_t folders_left);
  // With what the tree says of the spot where it is known.
  model::Index file_at(Spot spot, Lookup seen = {});
  model::Index new_file(Spot spot, const Lookup& seen);
  [[nodiscard]] Spot folder_of(model::Index file) const;
  void want(Wanted wanted);
  void fetch_wanted();
  [[nodiscard]] Spot spot_to_ask(const Wanted& wanted) const;
  [[nodiscard]] storage::Request request_for(const Wanted& wanted) const;
  bool ask_another(Wanted wanted, const model::Error& error);
  void answer(const Wanted& wanted, formats::core::Result<storage::Answer>& answer);
  void answer(const Wanted& wanted, storage::Fetched& fetched);
  void keep(Wanted wanted, storage::Fetched& fetched);

  // In loader_model.cpp.
  void add_machine(model::Index file, formats::core::Result<formats::vmx::Configuration> settings);
  void add_snapshot_list(model::Index file, formats::core::Result<formats::vmsd::SnapshotList> content);
  void add_disk(model::Index file, DecodedDisk& disk);

  // In loader_references.cpp.
  void refer_from_all();
  void refer_from(model::VirtualMachine& machine);
  void refer_from(model::SnapshotFile& list);
  void refer_from(model::Descriptor& descriptor);
  bool lead(model::Reference& reference, const Spot& folder);
  void want_disk(const model::Reference& reference);
  void want_extent(const model::Extent& extent);
  void want_unclaimed_data();
  void ask_ages();
  [[nodiscard]] std::optional<model::Index> disk_of(model::Index tracking);
  void find_disk_of(std::size_t called);
  void collect_tracking_files();
  void mark_extents();
  void mark_awaited();
  void drop_disk_data();

  const Tree& tree_;
  model::Datastore& datastore_;
  std::vector<std::optional<model::Index>> file_by_number_;     // of the tree's entries
  std::unordered_map<std::string, model::Index> file_by_spot_;  // of those that no listing shows
  std::vector<Wanted> wanted_;
  std::vector<model::Index> data_files_;  // called like disk data
  std::vector<bool> asked_;               // by file: its bytes or its status were asked for
  std::vector<bool> claimed_;             // by file: an extent line names it, or its head was read since none does
  std::vector<CalledTracking> called_tracking_;
  // Of one folder, the last that was asked: its files' names in small letters.
  struct SmallNames {
    const Folder* folder = nullptr;
    std::unordered_map<std::string, std::size_t> entries;
  } small_names_;
  std::unordered_map<model::Index, model::Error> first_errors_;  // of files that another place is asked for
  std::size_t folders_met_ = 0;
  bool is_listed_ = false;         // every folder was met
  bool has_open_ends_ = false;     // some reference did not lead to a file so far
  std::size_t machines_done_ = 0;  // how many of each had their references resolved
  std::size_t snapshot_files_done_ = 0;
  std::size_t descriptors_done_ = 0;
};

}  // namespace cbtctl::discovery
