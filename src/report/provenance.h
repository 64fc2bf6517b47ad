// Where a document's facts are from: when, by whom and how it was asked, and of which bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "report/json_value.h"

namespace cbtctl::report {

struct ReadFile {
  std::optional<std::size_t> target;  // nullopt where it lies in none
  std::string path;
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::int64_t> modified_ns;
  std::string sha256;                  // empty where it was read in parts
  std::optional<std::uint64_t> bytes;  // the digest is of so many of its first
  bool changed = false;                // between two readings
};
struct Provenance {
  std::int64_t started = 0;  // seconds since 1970
  std::int64_t finished = 0;
  std::vector<std::string> arguments;
  std::string user;
  std::string host;
  std::vector<ReadFile> files;  // in order
};
// Asked when everything else of the document was printed; empty where nobody wants it.
using ProvenanceOf = std::function<Provenance()>;

[[nodiscard]] Json provenance_json(const Provenance& provenance);

// The whole document, printed: its last members are its provenance, where it is wanted, and `messages`.
[[nodiscard]] std::string printed_document(Json document, const ProvenanceOf& provenance);

}  // namespace cbtctl::report
