#include "cli/mapping.h"

#include "storage/local_path.h"

namespace cbtctl::cli {
namespace {

using discovery::Mapping;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;

Result<Mapping> parse_mapping(const std::string& text) {
  const std::size_t equals = text.find('=');
  const bool has_both = equals != std::string::npos && equals + 1 < text.size();
  if (!has_both || text[0] != '/') return Error{ErrorKind::usage, "--map takes /REMOTE=LOCAL, found '" + text + "'"};
  std::string given = text.substr(equals + 1);
  const auto local = storage::resolve_local(given);
  if (!local) return local.error();
  if (!local->is_folder) return Error{ErrorKind::usage, given + ": is not a folder"};
  while (given.size() > 1 && given.ends_with('/')) given.pop_back();
  Mapping mapping{.remote = text.substr(0, equals), .local = local->real, .given = std::move(given), .reader = {}};
  while (mapping.remote.ends_with('/')) mapping.remote.pop_back();
  return mapping;
}

}  // namespace

Result<std::vector<Mapping>> parse_mappings(const std::vector<std::string>& texts) {
  std::vector<Mapping> mappings;
  for (const std::string& text : texts) {
    auto mapping = parse_mapping(text);
    if (!mapping) return mapping.error();
    mappings.push_back(std::move(*mapping));
  }
  return mappings;
}

}  // namespace cbtctl::cli
