#include "disk/exact.h"

#include <string>
#include <vector>

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

std::optional<Error> mismatch_of(const Link& child, const Link& parent) {
  if (child.capacity_bytes == parent.capacity_bytes) return std::nullopt;
  return Error{ErrorKind::malformed, child.path + ": its capacity is " + std::to_string(child.capacity_bytes) +
                                         " bytes, its parent " + parent.path + " has " +
                                         std::to_string(parent.capacity_bytes) + "; --allow-mismatch reads it so"};
}

}  // namespace

std::optional<Error> why_not_exact(const Chain& chain, const ExactOptions& options) {
  const std::vector<Link>& links = chain.links();
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (auto error = why_not(links[i], options.scrutiny)) return error;
    if (options.allow_mismatch || i + 1 == links.size()) continue;
    if (auto error = mismatch_of(links[i], links[i + 1])) return error;
  }
  return std::nullopt;
}

}  // namespace cbtctl::disk
