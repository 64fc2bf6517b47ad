// Names alone prove nothing: a copy has them too. What a copy cannot have is the time of a file's last change of
// status, which no program can set; a file is the same where that, its size and the time of its content are. A machine
// that runs writes between the two questions, so most of those compared must agree, not all.
#include "discovery/same_place.h"

#include <algorithm>
#include <string>
#include <utility>

#include "formats/core/path.h"
#include "formats/vmware/names.h"

namespace cbtctl::discovery {
namespace {

using formats::core::join;
using storage::EntryType;

constexpr std::size_t max_compared = 64;

template <typename Wanted>
std::optional<Wanted> ask(storage::Reader& reader, storage::Request request) {
  reader.submit({{0, std::move(request)}});
  std::optional<Wanted> answer;
  for (auto replies = reader.collect(); !replies.empty(); replies = reader.collect()) {
    for (storage::Reply& reply : replies) {
      if (reply.answer) answer = std::get<Wanted>(std::move(*reply.answer));
    }
  }
  return answer;
}

bool have_one_listing(const storage::Listing& a, const storage::Listing& b) {
  return std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.type == y.type; });
}

bool is_same_file(storage::Reader& a, storage::Reader& b, const std::string& path) {
  const auto one = ask<storage::FileStatus>(a, storage::StatusRequest{path});
  const auto other = ask<storage::FileStatus>(b, storage::StatusRequest{path});
  return one && other && one->size_bytes == other->size_bytes && one->modified_ns == other->modified_ns &&
         one->changed_ns == other->changed_ns;
}

bool show_the_same(storage::Reader& a, storage::Reader& b) {
  std::vector<std::string> folders{""};
  std::size_t compared = 0;
  std::size_t equal = 0;
  for (std::size_t i = 0; i < folders.size() && compared < max_compared; ++i) {
    const auto one = ask<storage::Listing>(a, storage::ListRequest{folders[i]});
    const auto other = ask<storage::Listing>(b, storage::ListRequest{folders[i]});
    if (!one || !other) return false;
    if (!have_one_listing(*one, *other)) continue;  // a machine's files come and go
    for (const storage::Entry& entry : one->entries) {
      const std::string path = join(folders[i], entry.name);
      const bool is_walked = entry.name != ".cbtctl" && !formats::vmware::is_filer_folder(entry.name);
      if (entry.type == EntryType::folder && is_walked && folders.size() < max_compared) folders.push_back(path);
      if (entry.type != EntryType::file || compared == max_compared) continue;
      ++compared;
      equal += is_same_file(a, b, path);
    }
  }
  return equal * 2 > compared;
}

bool may_be_compared(const Place& place) {
  return !place.target.error && place.reader && !place.target.is_ssh && place.only_vmx.empty() && !place.roots.empty();
}

// One below the other is known to the tree.
bool is_nested(const std::string& a, const std::string& b) {
  return a == b || a.starts_with(b + "/") || b.starts_with(a + "/");
}

}  // namespace

void unite_same_places(std::vector<Place>& places) {
  std::vector<std::optional<storage::Listing>> tops(places.size());
  if (std::count_if(places.begin(), places.end(), may_be_compared) < 2) return;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (may_be_compared(places[i])) tops[i] = ask<storage::Listing>(*places[i].reader, storage::ListRequest{});
  }
  for (std::size_t later = 1; later < places.size(); ++later) {
    if (!tops[later]) continue;
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const Place& first = places[earlier];
      if (!tops[earlier] || tops[earlier]->entries.empty()) continue;  // two empty ones are not one
      if (!have_one_listing(*tops[earlier], *tops[later])) continue;
      if (is_nested(first.roots.back(), places[later].roots.back())) continue;
      if (!show_the_same(*first.reader, *places[later].reader)) continue;
      places[later].roots.push_back(first.roots.back());
      break;
    }
  }
}

}  // namespace cbtctl::discovery
