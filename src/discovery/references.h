// Where an absolute path that stands inside a file leads: by --map; else by itself, as what was listed or is there can
// tell; else, below /vmfs/volumes, by its tail. One rule for a scan, which looks into listed folders, and for verbs
// that are given files, which ask the file system.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "discovery/place.h"

namespace cbtctl::discovery {

// How one looks; `Found` tells where a file lies, in the terms of who asks.
template <typename Found>
struct ReferenceLookup {
  // What lies at `rest` below the LOCAL of a mapping, by its number; nullopt goes on with the next.
  std::function<std::optional<Found>(std::size_t mapping, std::string_view rest)> mapped;
  // What the path itself leads to.
  std::function<std::optional<Found>(const std::string& absolute)> itself;
  // What exists at this tail below the roots, once for each; nothing if a volume's identity is known, since then a
  // tail could only lead to another volume.
  std::function<std::vector<Found>(std::string_view tail)> below_roots;
};

template <typename Found>
struct FoundReference {
  Found place;
  bool by_tail = false;
};

// What has only itself for a tail is no file's: "x.vmdk" lies in many folders.
enum class ReferenceTo { file, folder };

// "a/x" of "/r/a/x" for a mapping of "/r"; nullopt if the path does not lie below REMOTE.
[[nodiscard]] std::optional<std::string_view> below_remote(const Mapping& mapping, std::string_view absolute);

// "vmfs/volumes/ds/a/x", "volumes/ds/a/x", "ds/a/x", "a/x" and, of a folder, "x"; none of a path that does not lie on a
// volume.
[[nodiscard]] std::vector<std::string_view> tails_of(std::string_view absolute, ReferenceTo to);

// `absolute` is normal: no "..", no doubled or last '/'. Of the tails the longest that exists decides, and only if it
// exists once. nullopt: outside.
template <typename Found>
[[nodiscard]] std::optional<FoundReference<Found>> find_reference(const std::string& absolute, ReferenceTo to,
                                                                  const std::vector<Mapping>& mappings,
                                                                  const ReferenceLookup<Found>& lookup) {
  for (std::size_t i = 0; i < mappings.size(); ++i) {
    const auto rest = below_remote(mappings[i], absolute);
    if (!rest) continue;
    if (auto found = lookup.mapped(i, *rest)) return FoundReference<Found>{std::move(*found), false};
  }
  if (auto found = lookup.itself(absolute)) return FoundReference<Found>{std::move(*found), false};
  for (const std::string_view tail : tails_of(absolute, to)) {
    std::vector<Found> found = lookup.below_roots(tail);
    if (found.size() == 1) return FoundReference<Found>{std::move(found.front()), true};
    if (found.size() > 1) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace cbtctl::discovery
