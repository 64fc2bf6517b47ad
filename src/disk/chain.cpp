// A range is asked of the top link first; what it leaves to its parent is asked of the next, never for more than the
// link above left.
#include "disk/chain.h"

#include <algorithm>
#include <array>
#include <set>

#include "formats/core/checked.h"
#include "formats/core/hex.h"
#include "formats/identify.h"
#include "formats/vmdk/sparse.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::core::Status;

// The others lie in a device or an object store; to open them is refused in the words of open_extent.
bool is_file(formats::vmdk::ExtentKind kind) {
  using formats::vmdk::ExtentKind;
  return kind != ExtentKind::zero && kind != ExtentKind::vsan_sparse && kind != ExtentKind::vmfs_raw &&
         kind != ExtentKind::other;
}

// `is_itself`: the line stands inside the file that it describes, and its name says nothing.
Link::Part part_of(const std::string& from, const formats::vmdk::ExtentLine& line, bool is_itself, std::uint64_t begin,
                   const Finder& finder) {
  Link::Part part{.begin_bytes = begin, .length_bytes = line.sectors * sector_bytes};
  NamedSource file;
  if (is_file(line.kind)) {
    auto found = finder(from, is_itself ? std::string() : line.file_name);
    if (!found) {
      part.error = found.error();
      return part;
    }
    file = std::move(*found);
    part.path = file.path;
    part.size_bytes = file.source->size_bytes();
    part.modified_ns = file.modified_ns;
  }
  auto extent = open_extent(line, file.source);
  if (extent)
    part.extent = std::move(*extent);
  else
    part.error = extent.error().in(part.path.empty() ? line.file_name : part.path);
  return part;
}

// Where the bytes of the extents are not those of the disk.
std::optional<Error> refusal_of(const formats::vmdk::Descriptor& content) {
  // Hosted products write version 2 with encryption: no proof of it, and reason enough not to take the bytes for data.
  if (content.encrypted || content.version == 2U) return Error{ErrorKind::encrypted, "is encrypted"};
  if (content.native_snapshot)
    return Error{ErrorKind::unsupported, "is a native snapshot, which the storage array holds"};
  return std::nullopt;
}

Result<Link> open_link(const NamedSource& file, const Finder& finder) {
  auto content = read_descriptor(file);
  if (!content) return content.error();
  const auto capacity = content->capacity_bytes();
  if (!capacity) return Error{ErrorKind::malformed, file.path + ": has no capacity"};
  const auto refused = refusal_of(*content);
  Link link{.path = file.path, .content = std::move(*content), .parts = {}, .capacity_bytes = *capacity};
  std::uint64_t begin = 0;
  for (const formats::vmdk::ExtentLine& line : link.content.extents) {
    link.parts.push_back(part_of(file.path, line, link.content.is_embedded, begin, finder));
    if (refused && line.kind != formats::vmdk::ExtentKind::zero) {
      link.parts.back().extent.reset();
      link.parts.back().error = refused->in(file.path);
    }
    begin += link.parts.back().length_bytes;
  }
  return link;
}

// `met`: the files above it, and then this one too.
Result<Link> open_parent(const Link& child, const Finder& finder, std::set<std::string>& met) {
  const std::string& hint = child.content.parent_hint;
  if (hint.empty())
    return Error{ErrorKind::malformed, child.path + ": parentCID is " +
                                           formats::core::hex32(*child.content.cid_of_parent()) +
                                           ", and no parentFileNameHint says which file that is"};
  const auto file = finder(child.path, hint);
  if (!file) return file.error();
  if (!met.insert(file->real_path).second)
    return Error{ErrorKind::malformed,
                 child.path + ": its parent " + file->path + " stands above it: the chain comes back to itself"};
  return open_link(*file, finder);
}

Result<formats::vmdk::Descriptor> standing_alone(const ByteSource& file) {
  auto text = formats::vmdk::read_descriptor_text(file);
  if (!text) return text.error();
  return formats::vmdk::decode_descriptor(formats::text::Document::decode(std::move(*text)));
}

Result<formats::vmdk::Descriptor> embedded_in(const ByteSource& file) {
  const auto extent = formats::vmdk::decode_sparse(file);
  if (!extent) return extent.error();
  if (!extent->embedded_descriptor) return Error{ErrorKind::malformed, "is an extent without a descriptor inside"};
  return formats::vmdk::decode_embedded_descriptor(*extent->embedded_descriptor);
}

}  // namespace

Result<formats::vmdk::Descriptor> read_descriptor(const NamedSource& file) {
  const auto head = formats::core::read_head(*file.source, formats::identify_bytes);
  if (!head) return head.error().in(file.path);
  const auto kind = formats::identify(*head, file.path);
  if (kind != formats::FileKind::descriptor && kind != formats::FileKind::hosted_sparse)
    return Error{ErrorKind::malformed, file.path + ": is no descriptor but " + std::string(formats::name_of(kind))};
  auto descriptor = kind == formats::FileKind::descriptor ? standing_alone(*file.source) : embedded_in(*file.source);
  if (!descriptor) return descriptor.error().in(file.path);
  return descriptor;
}

bool matches_parent(const Link& child, const Link& parent) {
  const auto expected = child.content.cid_of_parent();
  return !expected || !parent.content.cid || *expected == *parent.content.cid;
}

Result<Chain> Chain::open(const std::string& path, const Finder& finder) {
  const auto file = finder(path, {});
  if (!file) return file.error();
  auto top = open_link(*file, finder);
  if (!top) return top.error();
  Chain chain;
  chain.links_.push_back(std::move(*top));
  std::set<std::string> met{file->real_path};
  while (chain.links_.back().content.has_parent()) {
    auto parent = open_parent(chain.links_.back(), finder, met);
    if (!parent) {
      chain.broken_ = parent.error();
      break;
    }
    chain.links_.push_back(std::move(*parent));
  }
  return chain;
}

Chain Chain::from(std::size_t top) const {
  Chain chain;
  chain.links_.assign(links_.begin() + static_cast<std::ptrdiff_t>(top), links_.end());
  chain.broken_ = broken_;
  return chain;
}

Chain::Found Chain::run_in(const Link& link, std::uint64_t offset_bytes, std::uint64_t most_bytes) const {
  if (offset_bytes >= link.capacity_bytes) return {{Allocation::zero, most_bytes}, nullptr};  // grown since
  const std::uint64_t most = std::min(most_bytes, link.capacity_bytes - offset_bytes);
  const auto behind = std::upper_bound(link.parts.begin(), link.parts.end(), offset_bytes,
                                       [](std::uint64_t at, const Link::Part& part) { return at < part.begin_bytes; });
  if (behind == link.parts.begin()) return {{Allocation::unreadable, most}, nullptr};
  const Link::Part& part = *std::prev(behind);
  const std::uint64_t within = offset_bytes - part.begin_bytes;
  if (within >= part.length_bytes) return {{Allocation::unreadable, most}, nullptr};
  const std::uint64_t most_of_part = std::min(most, part.length_bytes - within);
  if (part.error) return {{Allocation::unreadable, most_of_part}, &part};
  return {part.extent->run_at(within, most_of_part), &part};
}

void Chain::visit_map(const MapSink& sink) const {
  MapWalker walker(*this, 0, size_bytes());
  std::optional<MapExtent> open;
  while (const auto piece = walker.next()) {
    const MapExtent& next = piece->extent;
    if (open && open->allocation == next.allocation && open->link == next.link) {
      open->length_bytes += next.length_bytes;
      continue;
    }
    if (open && !sink(*open)) return;
    open = next;
  }
  if (open) sink(*open);
}

void Chain::visit_link(std::size_t index, const RunSink& sink) const {
  const Link& link = links_[index];
  for (std::uint64_t at = 0; at < link.capacity_bytes;) {
    const Found found = run_in(link, at, link.capacity_bytes - at);
    if (found.run.allocation != Allocation::parent) sink(at, found.run);
    at += found.run.length_bytes;
  }
}

Result<std::size_t> Chain::read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  if (offset_bytes >= size_bytes()) return std::size_t{0};
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_bytes() - offset_bytes)));
  MapWalker walker(*this, offset_bytes, offset_bytes + out.size());
  while (const auto piece = walker.next()) {
    const MapExtent& extent = piece->extent;
    const auto bytes = out.subspan(static_cast<std::size_t>(extent.offset_bytes - offset_bytes),
                                   static_cast<std::size_t>(extent.length_bytes));
    if (extent.allocation == Allocation::unreadable) return why_unreadable(extent.offset_bytes);
    if (extent.allocation == Allocation::zero) {
      std::fill(bytes.begin(), bytes.end(), std::byte{0});
      continue;
    }
    const auto read = piece->part->extent->read(piece->run, extent.offset_bytes - piece->part->begin_bytes, bytes);
    if (!read) return read.error().in(piece->part->path);
  }
  return out.size();
}

Result<formats::core::ByteRange> Chain::next_data(std::uint64_t offset_bytes) const {
  MapWalker walker(*this, std::min(offset_bytes, size_bytes()), size_bytes());
  while (const auto piece = walker.next()) {
    if (piece->extent.allocation != Allocation::zero)
      return formats::core::ByteRange{piece->extent.offset_bytes, piece->extent.length_bytes};
  }
  return formats::core::ByteRange{size_bytes(), 0};
}

Error Chain::why_unreadable(std::uint64_t offset_bytes) const {
  for (const Link& link : links_) {
    const Found found = run_in(link, offset_bytes, 1);
    if (found.run.allocation == Allocation::parent) continue;
    const std::string place = "byte " + std::to_string(offset_bytes);
    if (found.part == nullptr) return {ErrorKind::malformed, link.path + ": no extent holds " + place};
    const Link::Part& part = *found.part;
    if (part.error) return *part.error;
    std::array<std::byte, 1> one{};
    const auto read = part.extent->read(found.run, offset_bytes - part.begin_bytes, one);
    const Error error = read ? Error{ErrorKind::changed, place + " could not be read, and now can"} : read.error();
    return error.in(part.path.empty() ? link.path : part.path);
  }
  return *broken_;
}

MapWalker::MapWalker(const Chain& chain, std::uint64_t begin_bytes, std::uint64_t end_bytes)
    : chain_(chain), at_bytes_(begin_bytes), end_bytes_(end_bytes), known_(chain.links_.size()) {}

const MapWalker::Known& MapWalker::run_of(std::size_t link) {
  Known& known = known_[link];
  if (at_bytes_ < known.begin_bytes || at_bytes_ >= known.end_bytes) {
    known.found = chain_.run_in(chain_.links_[link], at_bytes_, end_bytes_ - at_bytes_);
    known.begin_bytes = at_bytes_;
    known.end_bytes = at_bytes_ + known.found.run.length_bytes;
  }
  return known;
}

std::optional<MapWalker::Piece> MapWalker::next() {
  if (at_bytes_ >= end_bytes_) return std::nullopt;
  std::uint64_t end = end_bytes_;
  Piece piece{.extent = {at_bytes_, 0, Allocation::zero, known_.size() - 1}};
  bool is_held = false;
  for (std::size_t link = 0; link < known_.size() && !is_held; ++link) {
    const Known& known = run_of(link);
    end = std::min(end, known.end_bytes);
    if (known.found.run.allocation == Allocation::parent) continue;
    is_held = true;
    piece.extent.allocation = known.found.run.allocation;
    piece.extent.link = link;
    piece.part = known.found.part;
    piece.run = known.found.run;
  }
  if (!is_held && chain_.broken_) piece.extent.allocation = Allocation::unreadable;
  piece.extent.length_bytes = end - at_bytes_;
  at_bytes_ = end;
  return piece;
}

}  // namespace cbtctl::disk
