// A disk with all its parents as one source of bytes, and the map that says which link holds each range.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "disk/extent.h"
#include "formats/vmdk/descriptor.h"

namespace cbtctl::disk {

// A file that another names, and its path for messages.
struct NamedSource {
  std::string path;
  std::string real_path;  // without links: of two names of one file the same
  std::shared_ptr<const ByteSource> source;
  std::optional<std::int64_t> modified_ns;  // since 1970; nothing where it is not known
};
// Opens the file called `written` in the file at `from`; an empty `written` is `from` itself. Decides what lies
// outside.
using Finder = std::function<Result<NamedSource>(const std::string& from, const std::string& written)>;

// Alone, or inside a hosted sparse file. `malformed` where there is none; errors name the file.
Result<formats::vmdk::Descriptor> read_descriptor(const NamedSource& file);

struct Link {
  std::string path;  // of the descriptor
  formats::vmdk::Descriptor content;
  struct Part {
    std::uint64_t begin_bytes = 0;
    std::uint64_t length_bytes = 0;
    std::string path;  // of the extent's file; empty for ZERO
    std::uint64_t size_bytes = 0;
    std::optional<std::int64_t> modified_ns;  // of the file
    std::shared_ptr<const Extent> extent;     // nothing where it cannot be read
    std::optional<formats::core::Error> error;
  };
  std::vector<Part> parts;
  std::uint64_t capacity_bytes = 0;
};

// Whether the child was made on this very state of the parent; where one names no CID it cannot be told, and is taken
// for yes.
[[nodiscard]] bool matches_parent(const Link& child, const Link& parent);

// A range of the disk as the chain shows it. `link`: which link, from the top, holds it; of zeros that nobody holds the
// base; of what cannot be read the link that fails.
struct MapExtent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  Allocation allocation = Allocation::zero;  // data, zero or unreadable, never parent
  std::size_t link = 0;
};

class Chain final : public ByteSource {
 public:
  // From the descriptor (or sparse file with one inside) at `path` down to the base. A parent that is missing, outside
  // or not named ends the chain with `broken` set: what is left to it is unreadable then.
  static Result<Chain> open(const std::string& path, const Finder& finder);

  [[nodiscard]] const std::vector<Link>& links() const { return links_; }
  [[nodiscard]] const std::optional<formats::core::Error>& broken() const { return broken_; }
  // The same chain as it was at link `top` (0: now).
  [[nodiscard]] Chain from(std::size_t top) const;

  [[nodiscard]] std::uint64_t size_bytes() const override { return links_.front().capacity_bytes; }
  // Of a range that is unreadable anywhere: why.
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override;
  // What is unreadable may hold data.
  [[nodiscard]] Result<formats::core::ByteRange> next_data(std::uint64_t offset_bytes) const override;
  [[nodiscard]] formats::core::Error why_unreadable(std::uint64_t offset_bytes) const;

  // All of it, in order, neighbours of one kind and link joined, until the sink has enough.
  using MapSink = std::function<bool(const MapExtent&)>;  // false: enough
  void visit_map(const MapSink& sink) const;
  // What one link alone holds, in order: runs of data, zeros and what is unreadable.
  using RunSink = std::function<void(std::uint64_t offset_bytes, const Run&)>;
  void visit_link(std::size_t link, const RunSink& sink) const;

 private:
  friend class MapWalker;
  struct Found {
    Run run;
    const Link::Part* part = nullptr;  // nothing: no extent holds it
  };
  [[nodiscard]] Found run_in(const Link& link, std::uint64_t offset_bytes, std::uint64_t most_bytes) const;

  std::vector<Link> links_;
  std::optional<formats::core::Error> broken_;
};

// Walks the map from an offset on. Each link's run is remembered until it is passed, so that no table is scanned twice.
// The chain must outlive it.
class MapWalker {
 public:
  MapWalker(const Chain& chain, std::uint64_t begin_bytes, std::uint64_t end_bytes);

  // A range of one kind, one link and one place; neighbours are not joined.
  struct Piece {
    MapExtent extent;
    const Link::Part* part = nullptr;  // of data
    Run run;                           // the part's, from the extent's begin on
  };
  // Nothing at the end.
  [[nodiscard]] std::optional<Piece> next();

 private:
  struct Known {
    std::uint64_t begin_bytes = 0;
    std::uint64_t end_bytes = 0;
    Chain::Found found;
  };
  [[nodiscard]] const Known& run_of(std::size_t link);

  const Chain& chain_;
  std::uint64_t at_bytes_;
  std::uint64_t end_bytes_;
  std::vector<Known> known_;  // by link
};

}  // namespace cbtctl::disk
