#include "cli/text_file.h"

#include "storage/local_reader.h"

namespace cbtctl::cli {

formats::core::Result<std::string> read_text_file(const std::string& path) {
  const auto source = storage::open_local_file(path);
  if (!source) return source.error().in(path);
  const auto bytes = formats::core::read_exact(**source, 0, (*source)->size_bytes());
  if (!bytes) return bytes.error().in(path);
  return formats::core::text_of(*bytes);
}

}  // namespace cbtctl::cli
