// A disk with all its parents as one source of bytes, and the map that says which link holds each range.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "disk/extent.h"
#include "formats/vmdk/descriptor.h"

namespace cbtctl::disk {

// A file that another names, and its path for messages.
struct NamedSource {
  std::string path;
  std::shared_ptr<const ByteSource> source;
};
// Opens the file called `written` in the file at `from`; an empty `written` is `from` itself. Decides what lies
// outside.
using Finder = std::function<Result<NamedSource>(const std::string& from, const std::string& written)>;

struct Link {
  std::string path;  // of the descriptor
  formats::vmdk::Descriptor content;
  struct Part {
    std::uint64_t begin_bytes = 0;
    std::uint64_t length_bytes = 0;
    std::string path;  // of the extent's file; empty for ZERO
    std::uint64_t size_bytes = 0;
    std::shared_ptr<const Extent> extent;  // nothing where it cannot be read
    std::optional<formats::core::Error> error;
  };
  std::vector<Part> parts;
  std::uint64_t capacity_bytes = 0;
};

// A range of the disk as the chain shows it. `link`: which link, from the top, holds it; of zeros that nobody holds the
// base.
struct MapExtent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  Allocation allocation = Allocation::zero;  // data or zero, never parent
  std::size_t link = 0;
};

class Chain final : public ByteSource {
 public:
  // From the descriptor (or sparse file with one inside) at `path` down to the base. A parent that is missing or
  // outside ends the chain with `broken` set: maps and reads then fail where they would need it.
  static Result<Chain> open(const std::string& path, const Finder& finder);

  [[nodiscard]] const std::vector<Link>& links() const { return links_; }
  [[nodiscard]] const std::optional<formats::core::Error>& broken() const { return broken_; }
  // The same chain as it was at link `top` (0: now).
  [[nodiscard]] Chain from(std::size_t top) const;

  [[nodiscard]] std::uint64_t size_bytes() const override { return links_.front().capacity_bytes; }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override;
  [[nodiscard]] Result<formats::core::ByteRange> next_data(std::uint64_t offset_bytes) const override;

  // The range of one kind and link that begins at `offset_bytes`. Precondition: offset_bytes < size_bytes().
  [[nodiscard]] Result<MapExtent> map_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const;
  // All of it, in order, neighbours of one kind and link joined.
  using MapSink = std::function<void(const MapExtent&)>;
  [[nodiscard]] formats::core::Status visit_map(const MapSink& sink) const;
  // What one link alone holds: runs of data and zero, `parent` left out.
  [[nodiscard]] formats::core::Status visit_link(
      std::size_t link, const std::function<void(std::uint64_t offset_bytes, const Run&)>& sink) const;

 private:
  // A run of one link, and where on the disk it begins.
  struct Found {
    std::uint64_t offset_bytes = 0;
    Run run;
    std::size_t link = 0;
    std::optional<std::size_t> part;  // nothing where the link is shorter than the disk
    [[nodiscard]] std::uint64_t end_bytes() const { return offset_bytes + run.length_bytes; }
    [[nodiscard]] bool holds(std::uint64_t at) const { return at >= offset_bytes && at < end_bytes(); }
  };
  // By link, the run that a walk is in: a long one above many short ones is asked for once, not once for each of them.
  using Position = std::vector<Found>;

  [[nodiscard]] Result<Found> run_in(std::size_t link, std::uint64_t offset_bytes, std::uint64_t most_bytes) const;
  // The run that the disk shows at `offset_bytes`; may begin before it, ends where another begins or after
  // `most_bytes`.
  [[nodiscard]] Result<Found> find(std::uint64_t offset_bytes, std::uint64_t most_bytes, Position& position) const;

  std::vector<Link> links_;
  std::optional<formats::core::Error> broken_;
  struct DataWalk {
    std::mutex mutex;
    Position position;
  };
  std::shared_ptr<DataWalk> data_walk_ = std::make_shared<DataWalk>();  // of next_data
};

}  // namespace cbtctl::disk
