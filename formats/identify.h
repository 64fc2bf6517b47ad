// What kind of file the first bytes show. The name is a hint between text kinds, never a proof.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace formats {

enum class FileKind {
  vmx,            // a virtual machine's configuration (.vmx, .vmtx)
  vmsd,           // a snapshot list
  descriptor,     // a vmdk descriptor that stands alone
  cowd,           // a vmfsSparse delta extent
  sesparse,       // an seSparse extent
  hosted_sparse,  // "KDMV": monolithicSparse, twoGbMaxExtentSparse or streamOptimized, maybe with a descriptor inside
  ctk,            // a Changed Block Tracking file
  empty,          // no bytes at all
  data,           // none of these: a flat extent, or any other file
};

// The most bytes that `identify` looks at.
inline constexpr std::size_t identify_bytes = 4096;

// `head` is the beginning of the file, at most `identify_bytes` of it are looked at.
[[nodiscard]] FileKind identify(std::span<const std::byte> head, std::string_view file_name);

[[nodiscard]] std::string_view name_of(FileKind kind);

}  // namespace formats
