#include "cli/resolver.h"

#include <algorithm>

#include "formats/core/path.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteSource;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::join;
using formats::core::normalise;
using formats::core::parent_of;
using formats::core::Result;

constexpr std::string_view volumes = "/vmfs/volumes";

bool is_below(std::string_view path, const std::string& root) {
  return path.starts_with(root == "/" ? root : root + "/");
}

// The folder that holds the file's folder, as the user would write it.
std::string root_of(const std::string& file) {
  const std::string folder(parent_of(file));
  if (folder.empty()) return file.starts_with('/') ? "/" : "..";
  const std::string_view last = file_name(folder);
  if (last == "." || last == "..") return folder + "/..";
  const std::string above(parent_of(folder));
  return above.empty() && folder.starts_with('/') ? "/" : above;
}

std::string below(const std::string& root, std::string_view tail) {
  return root == "/" ? "/" + std::string(tail) : join(root, tail);
}

}  // namespace

Resolver::Resolver(FileOpener files, const std::string& file) : files_(std::move(files)), root_(root_of(file)) {
  if (const auto real = files_.real_name(file)) {
    const std::string folder(parent_of(*real));
    const std::string above(parent_of(folder));
    roots_.push_back(above.empty() ? folder : above);  // never all of the machine for a folder at its top
    if (roots_.back().empty()) roots_.back() = "/";
    if (is_on_host(file)) roots_.push_back(FileOpener::beside(file, std::string(volumes)));
    if (is_below(*real, std::string(volumes))) roots_.emplace_back(volumes);
  }
  for (const discovery::Mapping& mapping : files_.mappings()) roots_.push_back(mapping.local);
}

std::string Resolver::place_of(const std::string& from, const std::string& written) const {
  return written.starts_with('/') ? absolute(from, written) : FileOpener::beside(from, written);
}

Result<disk::NamedSource> Resolver::find(const std::string& from, const std::string& written) const {
  const std::string path = place_of(from, written);
  const auto real = files_.real_name(path);
  if (!real) {
    const bool missing = real.error().kind == ErrorKind::missing;
    return Error{real.error().kind,
                 from + ": names " + written + ", which " + (missing ? "is not there" : "cannot be reached")};
  }
  const bool inside =
      std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) { return is_below(*real, root); });
  if (inside) return open_named(files_, path);
  return Error{ErrorKind::outside,
               from + ": names " + written + ", which lies outside; --map REMOTE=LOCAL tells where it is"};
}

std::string Resolver::absolute(const std::string& from, const std::string& written) const {
  for (const discovery::Mapping& mapping : files_.mappings()) {
    if (is_below(written, mapping.remote)) return below(mapping.given, written.substr(mapping.remote.size() + 1));
  }
  if (is_on_host(from)) return FileOpener::beside(from, written);
  if (!is_below(written, std::string(volumes)) || files_.real_name(written)) return written;
  std::string_view tail = std::string_view(written).substr(volumes.size() + 1);
  for (std::size_t slash = tail.find('/'); slash != std::string_view::npos; slash = tail.find('/')) {
    tail.remove_prefix(slash + 1);
    if (tail.find('/') == std::string_view::npos) break;
    const std::string local = below(root_, tail);
    if (normalise(tail) == tail && files_.real_name(local)) return local;
  }
  return written;
}

Result<disk::NamedSource> open_named(const FileOpener& files, const std::string& path) {
  auto source = files.open(path);
  if (!source) return source.error().in(path);
  const auto real = files.real_name(path);
  return disk::NamedSource{path, real ? *real : path, std::shared_ptr<const ByteSource>(std::move(*source)),
                           files.modified_ns(path)};
}

disk::Finder finder_for(const FileOpener& files, const std::string& file) {
  return [files, resolver = Resolver(files, file)](const std::string& from, const std::string& written) {
    return written.empty() ? open_named(files, from) : resolver.find(from, written);
  };
}

}  // namespace cbtctl::cli
