// The listed folders of all places, and the way from a written path to a listed file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "discovery/references.h"

namespace cbtctl::discovery {

struct Folder {
  std::string path;                     // relative to the place's root; "" is the root
  std::vector<storage::Entry> entries;  // sorted by name
  std::optional<storage::Error> error;
  std::size_t first_number = 0;  // of its first entry, in a count over all folders of the tree
  [[nodiscard]] const storage::Entry* find(std::string_view name) const;
};

// What the listings say of a spot: an entry, or why there is none.
struct Lookup {
  const storage::Entry* entry = nullptr;
  const Folder* folder = nullptr;       // that lists the entry
  std::optional<storage::Error> error;  // its folder could not be read
  // Of the entry, among all that the tree lists.
  [[nodiscard]] std::size_t number() const {
    return folder->first_number + static_cast<std::size_t>(entry - folder->entries.data());
  }
};

struct Spot {
  std::size_t place = 0;  // index of a place; at and past the number of places: a mapping
  std::string path;
  friend bool operator==(const Spot&, const Spot&) = default;
};

// Where a written name leads.
struct Resolved {
  Spot spot;
  bool by_tail = false;
  Lookup seen;  // where it was looked up on the way
  bool by_link = false;
};

class Tree {
 public:
  // A folder that was listed just now, when only what is in it and before it can be looked up.
  struct Visited {
    std::size_t place = 0;
    const Folder& folder;
    std::vector<storage::Glimpse> glimpses;
    std::size_t folders_left = 0;  // that are known and not listed yet, at least
  };
  // What its reader is to glance at of a folder, and what is done with it as soon as it is listed.
  struct Visit {
    storage::Chooser glance = nullptr;
    std::function<void(Visited visited)> folder;
  };

  Tree(const std::vector<Place>& places, const std::vector<Mapping>& mappings);

  // Lists every folder of every place; one that is also the root or part of an earlier place is listed there alone.
  // Neither links nor `.cbtctl` folders are walked into, nor a filer's unless the place itself lies in one, save that
  // below /vmfs/volumes a volume is visited under its name, the link, and not under its UUID.
  void list(const Visit& visit);

  [[nodiscard]] const std::vector<Folder>& folders(std::size_t place) const { return listed_[place].folders; }
  [[nodiscard]] const Folder* folder(std::size_t place, std::string_view path) const;
  // A filer's folders that were passed by, sorted.
  [[nodiscard]] const std::vector<std::string>& not_entered(std::size_t place) const {
    return listed_[place].not_entered;
  }

  // Of a place, the volumes whose UUID its roots or its listing tell.
  [[nodiscard]] std::vector<model::VolumeSpan> volumes(std::size_t place) const;

  // The places that reach what lies at `path` of `place`, itself first among equals, ascending.
  [[nodiscard]] std::vector<std::size_t> seen_by(std::size_t place, std::string_view path) const;

  // The same file by the other places that reach it.
  [[nodiscard]] std::vector<Spot> other_ways(const Spot& spot) const;

  // Whether some target asks for the configuration at `spot`: in the folder of a target that is one .vmx, that one, and
  // those of other targets.
  [[nodiscard]] bool is_targeted(const Spot& spot) const;

  // Where the name that a file in `folder` of `place` holds leads; nothing: out of the scan. A relative name is taken
  // from `folder`; an absolute one as `find_reference` has it.
  [[nodiscard]] std::optional<Resolved> resolve(const Spot& folder, std::string_view written) const;

  // The same for the name of a folder, whose longest tail may be itself alone.
  [[nodiscard]] std::optional<Resolved> resolve_folder(const Spot& folder, std::string_view written) const;

  // The same for a file in `folder` itself, as nearly all are: told as soon as that one is listed.
  [[nodiscard]] std::optional<Resolved> resolve_beside(const Spot& folder, std::string_view written) const;

  [[nodiscard]] Lookup look_up(const Spot& spot) const;

  // What to ask the spot's reader for; differs from the path below a volume's name.
  [[nodiscard]] std::string read_path(const Spot& spot) const;
  [[nodiscard]] storage::Reader& reader(const Spot& spot) const;
  // How reports print the spot: relative to its root, absolute where it lies in a mapping.
  [[nodiscard]] std::string shown_path(Spot spot) const;
  // And back: of a file whose path was made so.
  [[nodiscard]] Spot spot_of(const model::File& file) const;

 private:
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const { return std::hash<std::string_view>{}(path); }
  };
  // A location, and under which path of the place it is listed.
  struct Anchor {
    std::string location;
    std::string path;
  };
  struct Listed {
    std::vector<Anchor> anchors;  // the roots; below /vmfs/volumes each volume too
    std::vector<Folder> folders;
    std::vector<std::string> not_entered;
    std::unordered_map<std::string, std::size_t, PathHash, std::equal_to<>> by_path;
    std::unordered_map<std::string, std::string> volume_of_name;  // link -> folder, below /vmfs/volumes
    std::unordered_map<std::string, std::string> name_of_volume;
  };

  // In tree_listing.cpp.
  using Waves = std::vector<std::vector<std::string>>;  // of each place, the folders to list together
  void list_wave(Waves& waves, bool goes_on, const Visit& visit);
  // Nothing: it is listed elsewhere.
  const Folder* enter(std::size_t place, Folder folder, std::vector<std::string>& next);
  void enter_volumes(std::size_t place, const Folder& root, std::vector<std::string>& next);
  void sort_folders(std::size_t place);
  void list_mapped(std::size_t mapping, const std::string& path) const;
  [[nodiscard]] bool walks(std::size_t place) const;
  [[nodiscard]] bool passes_by(std::size_t place, std::string_view folder) const;
  [[nodiscard]] std::string location_at(const Spot& spot) const;
  [[nodiscard]] std::string located(const std::string& host, const std::string& absolute) const;
  [[nodiscard]] bool is_walked_before(std::size_t place, const std::string& path) const;
  [[nodiscard]] bool is_held_before(std::size_t place, const std::string& path) const;
  [[nodiscard]] bool reaches(std::size_t place, const std::string& location) const;
  [[nodiscard]] bool may_ask(std::size_t place, const std::string& location) const;  // of it what lies there

  [[nodiscard]] std::string host_of(const Spot& spot) const;
  [[nodiscard]] std::optional<Spot> by_absolute(const std::string& host, const std::string& absolute) const;
  [[nodiscard]] bool is_of_unknown_volume(const Spot& spot) const;
  [[nodiscard]] std::optional<Spot> by_mapping(std::size_t number, std::string_view rest) const;
  [[nodiscard]] std::vector<Spot> by_tail(std::string_view tail, ReferenceTo to) const;
  [[nodiscard]] std::optional<Resolved> resolve_as(const Spot& folder, std::string_view written, ReferenceTo to) const;
  [[nodiscard]] std::optional<FoundReference<Spot>> resolve_relative(const Spot& folder,
                                                                     std::string_view written) const;
  [[nodiscard]] std::optional<FoundReference<Spot>> resolve_absolute(const Spot& folder, std::string_view written,
                                                                     ReferenceTo to) const;
  [[nodiscard]] std::optional<Spot> follow_links(Spot spot) const;
  [[nodiscard]] bool knows_a_volume() const;

  const std::vector<Place>* places_;
  const std::vector<Mapping>* mappings_;
  mutable std::size_t entries_ = 0;     // listed so far
  mutable std::vector<Listed> listed_;  // places, then mappings; a mapping's folders are listed when first named
};

}  // namespace cbtctl::discovery
