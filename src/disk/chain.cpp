// A range is asked of the top link first; what it leaves to its parent is asked of the next, never for more than the
// link above left.
#include "disk/chain.h"

#include <algorithm>
#include <set>

#include "formats/core/checked.h"
#include "formats/identify.h"
#include "formats/vmdk/sparse.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sector_bytes;
using formats::core::Status;

constexpr std::uint64_t most_data_bytes = std::uint64_t{256} << 20;  // that next_data joins before it answers

Result<formats::vmdk::Descriptor> descriptor_in(const NamedSource& file) {
  const auto head = formats::core::read_head(*file.source, formats::vmdk::most_descriptor_bytes);
  if (!head) return head.error().in(file.path);
  std::string text = formats::core::text_of(*head);
  const auto kind = formats::identify(*head, file.path);
  if (kind == formats::FileKind::hosted_sparse) {
    auto extent = formats::vmdk::decode_sparse(*file.source);
    if (!extent) return extent.error().in(file.path);
    if (!extent->embedded_descriptor)
      return Error{ErrorKind::malformed, file.path + ": is an extent without a descriptor inside"};
    text = *extent->embedded_descriptor;
  } else if (kind != formats::FileKind::descriptor) {
    return Error{ErrorKind::malformed, file.path + ": is no descriptor but " + std::string(formats::name_of(kind))};
  }
  auto descriptor = formats::vmdk::decode_descriptor(formats::text::Document::decode(std::move(text)));
  if (!descriptor) return descriptor.error().in(file.path);
  return descriptor;
}

Link::Part part_of(const std::string& from, const formats::vmdk::ExtentLine& line, std::uint64_t begin,
                   const Finder& finder) {
  Link::Part part{
      .begin_bytes = begin, .length_bytes = line.sectors * sector_bytes, .path = {}, .extent = {}, .error = {}};
  NamedSource file;
  if (line.kind != formats::vmdk::ExtentKind::zero) {
    auto found = finder(from, line.file_name);
    if (!found) {
      part.error = found.error();
      return part;
    }
    file = std::move(*found);
    part.path = file.path;
    part.size_bytes = file.source->size_bytes();
  }
  auto extent = open_extent(line, file.source);
  if (extent)
    part.extent = std::move(*extent);
  else
    part.error = extent.error().in(part.path.empty() ? line.file_name : part.path);
  return part;
}

Result<Link> open_link(const NamedSource& file, const Finder& finder) {
  auto content = descriptor_in(file);
  if (!content) return content.error();
  const auto capacity = content->capacity_bytes();
  if (!capacity) return Error{ErrorKind::malformed, file.path + ": has no capacity"};
  Link link{.path = file.path, .content = std::move(*content), .parts = {}, .capacity_bytes = *capacity};
  std::uint64_t begin = 0;
  for (const formats::vmdk::ExtentLine& line : link.content.extents) {
    link.parts.push_back(part_of(file.path, line, begin, finder));
    begin += link.parts.back().length_bytes;
  }
  return link;
}

}  // namespace

Result<Chain> Chain::open(const std::string& path, const Finder& finder) {
  Chain chain;
  std::set<std::string> met;
  auto file = finder(path, {});
  if (!file) return file.error();
  for (;;) {
    met.insert(file->path);
    auto link = open_link(*file, finder);
    if (!link && chain.links_.empty()) return link.error();
    if (!link) {
      chain.broken_ = link.error();
      return chain;
    }
    chain.links_.push_back(std::move(*link));
    const Link& last = chain.links_.back();
    if (last.content.parent_hint.empty()) return chain;
    auto parent = finder(last.path, last.content.parent_hint);
    if (!parent) {
      chain.broken_ = parent.error();
      return chain;
    }
    if (met.contains(parent->path)) {
      chain.broken_ = Error{ErrorKind::malformed, last.path + ": its parent " + parent->path +
                                                      " stands above it: the chain comes back to itself"};
      return chain;
    }
    file = std::move(parent);
  }
}

Chain Chain::from(std::size_t top) const {
  Chain chain;
  chain.links_.assign(links_.begin() + static_cast<std::ptrdiff_t>(top), links_.end());
  chain.broken_ = broken_;
  return chain;
}

Result<Chain::Found> Chain::run_in(std::size_t index, std::uint64_t offset_bytes, std::uint64_t most_bytes) const {
  const Link& link = links_[index];
  if (offset_bytes >= link.capacity_bytes) return Found{offset_bytes, {Allocation::zero, most_bytes}, index, {}};
  const auto behind = std::partition_point(link.parts.begin(), link.parts.end(),
                                           [&](const Link::Part& each) { return each.begin_bytes <= offset_bytes; });
  // Parts of no length share the next one's beginning; the capacity is the sum of all, so one holds the byte.
  const Link::Part& part = *(behind - 1);
  if (part.error) return *part.error;
  const std::uint64_t within = offset_bytes - part.begin_bytes;
  const auto run = part.extent->run_at(within, std::min(most_bytes, part.length_bytes - within));
  if (!run) return run.error().in(part.path.empty() ? link.path : part.path);
  return Found{offset_bytes, *run, index, static_cast<std::size_t>(behind - 1 - link.parts.begin())};
}

Result<Chain::Found> Chain::find(std::uint64_t offset_bytes, std::uint64_t most_bytes, Position& position) const {
  std::uint64_t most = std::min(most_bytes, size_bytes() - offset_bytes);
  position.resize(links_.size());
  for (std::size_t i = 0; i < links_.size(); ++i) {
    Found& here = position[i];
    if (!here.holds(offset_bytes)) {
      const auto asked = run_in(i, offset_bytes, most);
      if (!asked) return asked.error();
      here = *asked;
    }
    most = std::min(most, here.end_bytes() - offset_bytes);
    if (here.run.allocation == Allocation::parent) continue;
    Found found = here;
    found.run.length_bytes = offset_bytes + most - found.offset_bytes;
    return found;
  }
  if (broken_) return *broken_;
  return Found{offset_bytes, {Allocation::zero, most}, links_.size() - 1, {}};
}

Result<MapExtent> Chain::map_at(std::uint64_t offset_bytes, std::uint64_t most_bytes) const {
  Position position;
  const auto found = find(offset_bytes, most_bytes, position);
  if (!found) return found.error();
  return MapExtent{offset_bytes, found->end_bytes() - offset_bytes, found->run.allocation, found->link};
}

Status Chain::visit_map(const MapSink& sink) const {
  Position position;
  MapExtent open;  // of no length: none
  for (std::uint64_t at = 0; at < size_bytes();) {
    const auto next = find(at, size_bytes() - at, position);
    if (!next) {
      if (open.length_bytes > 0) sink(open);
      return next.error();
    }
    const std::uint64_t length = next->end_bytes() - at;
    if (open.length_bytes > 0 && open.allocation == next->run.allocation && open.link == next->link) {
      open.length_bytes += length;
    } else {
      if (open.length_bytes > 0) sink(open);
      open = {at, length, next->run.allocation, next->link};
    }
    at += length;
  }
  if (open.length_bytes > 0) sink(open);
  return formats::core::success();
}

Status Chain::visit_link(std::size_t link,
                         const std::function<void(std::uint64_t offset_bytes, const Run&)>& sink) const {
  const std::uint64_t capacity = links_[link].capacity_bytes;
  for (std::uint64_t at = 0; at < capacity;) {
    const auto found = run_in(link, at, capacity - at);
    if (!found) return found.error();
    if (found->run.allocation != Allocation::parent) sink(at, found->run);
    at += found->run.length_bytes;
  }
  return formats::core::success();
}

Result<std::size_t> Chain::read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const {
  if (offset_bytes >= size_bytes()) return std::size_t{0};
  out = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_bytes() - offset_bytes)));
  Position position;
  for (std::size_t done = 0; done < out.size();) {
    const std::uint64_t at = offset_bytes + done;
    const auto found = find(at, out.size() - done, position);
    if (!found) return found.error();
    const auto piece = out.subspan(done, static_cast<std::size_t>(found->end_bytes() - at));
    if (found->run.allocation == Allocation::zero) {
      std::fill(piece.begin(), piece.end(), std::byte{0});
    } else {
      const Link::Part& part = links_[found->link].parts[*found->part];
      const auto read = part.extent->read(found->run, at - part.begin_bytes, piece);
      if (!read) return read.error().in(part.path);
    }
    done += piece.size();
  }
  return out.size();
}

Result<formats::core::ByteRange> Chain::next_data(std::uint64_t offset_bytes) const {
  const std::scoped_lock lock(data_walk_->mutex);
  formats::core::ByteRange data{size_bytes(), 0};
  for (std::uint64_t at = offset_bytes; at < size_bytes();) {
    const auto found = find(at, size_bytes() - at, data_walk_->position);
    if (!found) return found.error();
    const std::uint64_t length = found->end_bytes() - at;
    const bool is_data = found->run.allocation == Allocation::data;
    if (!is_data && data.length_bytes > 0) break;
    if (is_data && data.length_bytes == 0) data.offset_bytes = at;
    if (is_data) data.length_bytes += length;
    if (data.length_bytes >= most_data_bytes) break;
    at += length;
  }
  return data;
}

}  // namespace cbtctl::disk
