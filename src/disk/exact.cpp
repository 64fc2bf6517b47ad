#include "disk/exact.h"

#include <algorithm>
#include <iterator>

#include "formats/core/hex.h"

namespace cbtctl::disk {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;

std::optional<Error> first_of(const formats::core::Defects& defects, const std::string& path) {
  if (defects.empty()) return std::nullopt;
  return Error{ErrorKind::malformed, path + ": " + defects.front().message};
}

// A content id or a version that cannot be read moves no byte. Of a parent that is not named the map tells.
formats::core::Defects that_move_bytes(const formats::vmdk::Descriptor& content) {
  auto defects = content.check();
  std::erase_if(defects, [&](const formats::core::Defect& defect) {
    const bool is_unnamed_parent = defect.field == "parentFileNameHint" && content.parent_hint.empty();
    return defect.field == "CID" || defect.field == "version" || defect.field == "createType" || is_unnamed_parent;
  });
  return defects;
}

std::optional<Error> why_not(const Link& link, Scrutiny scrutiny) {
  if (auto error = first_of(that_move_bytes(link.content), link.path)) return error;
  for (const Link::Part& part : link.parts) {
    if (part.extent == nullptr) continue;
    const auto defects = part.extent->check(scrutiny);
    if (!defects) return defects.error().in(part.path);
    if (auto error = first_of(*defects, part.path)) return error;
  }
  return std::nullopt;
}

std::optional<std::string> why_of_another_capacity(const Link& child, const Link& parent) {
  if (child.capacity_bytes == parent.capacity_bytes) return std::nullopt;
  return child.path + ": its capacity is " + std::to_string(child.capacity_bytes) + " bytes, its parent " +
         parent.path + " has " + std::to_string(parent.capacity_bytes);
}

std::vector<std::string> mismatches_between(const Link& child, const Link& parent) {
  std::vector<std::string> mismatches;
  if (auto why = why_of_another_capacity(child, parent)) mismatches.push_back(std::move(*why));
  if (auto why = why_not_of_parent(child, parent))
    mismatches.push_back(std::move(*why) + ": the image may mix two points in time");
  return mismatches;
}

}  // namespace

std::optional<Error> why_not_exact(const Chain& chain, const ExactOptions& options) {
  const std::vector<Link>& links = chain.links();
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (auto error = why_not(links[i], options.scrutiny)) return error;
    if (options.allow_mismatch || i + 1 == links.size()) continue;
    const auto mismatches = mismatches_between(links[i], links[i + 1]);
    if (!mismatches.empty()) return Error{ErrorKind::malformed, mismatches.front() + "; --allow-mismatch reads it so"};
  }
  return std::nullopt;
}

std::vector<std::string> mismatches_of(const Chain& chain) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i + 1 < chain.links().size(); ++i)
    std::ranges::move(mismatches_between(chain.links()[i], chain.links()[i + 1]), std::back_inserter(all));
  return all;
}

std::optional<std::string> why_not_of_parent(const Link& child, const Link& parent) {
  if (matches_parent(child, parent)) return std::nullopt;
  return child.path + ": parentCID is " + formats::core::hex32(*child.content.cid_of_parent()) + ", its parent " +
         parent.path + " has CID " + formats::core::hex32(*parent.content.cid);
}

}  // namespace cbtctl::disk
