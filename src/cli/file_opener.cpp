#include "cli/file_opener.h"

#include <map>

#include "cli/mapping.h"
#include "cli/ssh_options.h"
#include "formats/core/path.h"
#include "formats/core/read_ahead.h"
#include "storage/local_path.h"
#include "storage/local_reader.h"
#include "storage/location.h"
#include "storage/ssh_reader.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteRange;
using formats::core::ByteSource;
using formats::core::join;
using formats::core::normalise;
using formats::core::parent_of;
using formats::core::Result;
using storage::Location;

// A file of a host, which lives no longer than its connection.
class HostFile final : public ByteSource, public formats::core::ReadAhead {
 public:
  HostFile(std::shared_ptr<storage::SshReader> reader, std::unique_ptr<ByteSource> file)
      : reader_(std::move(reader)), file_(std::move(file)) {}
  [[nodiscard]] std::uint64_t size_bytes() const override { return file_->size_bytes(); }
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<std::byte> out) const override {
    return file_->read_at(offset_bytes, out);
  }
  [[nodiscard]] Result<ByteRange> next_data(std::uint64_t offset_bytes) const override {
    return file_->next_data(offset_bytes);
  }
  void expect(std::vector<ByteRange> ranges) const override { formats::core::expect(*file_, std::move(ranges)); }

 private:
  std::shared_ptr<storage::SshReader> reader_;
  std::unique_ptr<ByteSource> file_;
};

std::string host_name(Location location) {
  location.path.clear();
  return storage::location_text(location);
}

// Relative to "/", which is the root of every connection here.
std::string path_on_host(const Location& location) { return normalise(location.path).value_or(".."); }

}  // namespace

struct FileOpener::Hosts {
  storage::SshOptions options;
  std::map<std::string, Result<std::shared_ptr<storage::SshReader>>> connected;

  // Files are read by SFTP: no shell is started for them.
  Result<std::shared_ptr<storage::SshReader>> reader(Location location) {
    const std::string name = host_name(location);
    if (const auto known = connected.find(name); known != connected.end()) return known->second;
    location.path.assign(1, '/');
    auto opened = storage::open_ssh(location, options);
    const auto reader = opened ? Result<std::shared_ptr<storage::SshReader>>(opened->reader) : opened.error();
    return connected.emplace(name, reader).first->second;
  }
};

bool is_on_host(const std::string& name) {
  const auto location = storage::parse_location(name);
  return location && location->is_ssh;
}

Result<FileOpener> FileOpener::with(const CommandLine& line) {
  for (const std::string& name : line.arguments) {
    const auto location = storage::parse_location(name);
    if (!location && storage::is_ssh(name)) return location.error();
  }
  auto mappings = parse_mappings(line.list("map"));
  if (!mappings) return mappings.error();
  auto options = ssh_options_of(line);
  if (!options) return options.error();
  if (options->transport == storage::SshTransport::automatic) options->transport = storage::SshTransport::sftp;
  FileOpener opener;
  opener.mappings_ = std::move(*mappings);
  opener.hosts_ = std::make_shared<Hosts>(Hosts{std::move(*options), {}});
  return opener;
}

Result<std::unique_ptr<ByteSource>> FileOpener::open(const std::string& name) const {
  const auto location = storage::parse_location(name);
  if (!location) return location.error();
  if (!location->is_ssh) return storage::open_local_file(name);
  const auto reader = hosts_->reader(*location);
  if (!reader) return reader.error();
  auto file = (*reader)->open(path_on_host(*location));
  if (!file) return file.error();
  return std::unique_ptr<ByteSource>(std::make_unique<HostFile>(*reader, std::move(*file)));
}

Result<std::string> FileOpener::read_text(const std::string& name) const {
  const auto source = open(name);
  if (!source) return source.error().in(name);
  const auto bytes = formats::core::read_exact(**source, 0, (*source)->size_bytes());
  if (!bytes) return bytes.error().in(name);
  return formats::core::text_of(*bytes);
}

Result<std::string> FileOpener::real_name(const std::string& name) const {
  const auto location = storage::parse_location(name);
  if (!location) return location.error();
  if (!location->is_ssh) {
    const auto local = storage::resolve_local(name);
    if (!local) return local.error();
    return local->real;
  }
  const auto reader = hosts_->reader(*location);
  if (!reader) return reader.error();
  auto found = (*reader)->find(path_on_host(*location));
  if (!found) return found.error();
  Location real = *location;
  real.path = std::move(found->real);
  return storage::location_text(real);
}

std::optional<std::int64_t> FileOpener::modified_ns(const std::string& name) const {
  const auto location = storage::parse_location(name);
  if (!location) return std::nullopt;
  if (!location->is_ssh) return storage::modified_ns(name);
  const auto reader = hosts_->reader(*location);
  const auto found = reader ? (*reader)->find(path_on_host(*location)) : Result<storage::SshFound>(reader.error());
  return found ? std::optional(found->status.modified_ns) : std::nullopt;
}

std::vector<std::string> FileOpener::names_beside(const std::string& name) const {
  const auto real = real_name(name);
  if (!real) return {};
  std::string folder(parent_of(*real));
  if (folder.empty()) folder.push_back('/');
  return names_in(folder);
}

std::vector<std::string> FileOpener::names_in(const std::string& folder) const {
  const auto real = real_name(folder);
  const auto location = real ? storage::parse_location(*real) : Result<Location>(real.error());
  if (!location) return {};
  std::shared_ptr<storage::Reader> reader;
  if (!location->is_ssh) {
    if (auto opened = storage::open_local(*real)) reader = std::move(*opened);
  } else if (const auto connected = hosts_->reader(*location)) {
    reader = *connected;
  }
  const std::string place = location->is_ssh ? path_on_host(*location) : std::string();
  std::vector<std::string> names;
  if (reader == nullptr) return names;
  reader->submit({{0, storage::ListRequest{place}}});
  for (const storage::Reply& reply : reader->collect()) {
    if (!reply.answer) continue;
    for (const auto& entry : std::get<storage::Listing>(*reply.answer).entries) names.push_back(entry.name);
  }
  return names;
}

std::string FileOpener::beside(const std::string& from, const std::string& written) {
  auto location = storage::parse_location(from);
  const bool remote = location && location->is_ssh;
  if (!remote && written.starts_with('/')) return written;
  if (remote && written.starts_with('/')) {
    location->path = written;
    return storage::location_text(*location);
  }
  // As the user wrote it, whatever of it is percent-encoded.
  if (remote) return join(parent_of(from), storage::encoded(written));
  std::string path = join(parent_of(from), written);
  if (from.starts_with('/') && !path.starts_with('/')) path.insert(path.begin(), '/');
  return path;
}

}  // namespace cbtctl::cli
