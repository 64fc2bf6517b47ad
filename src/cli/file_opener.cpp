#include "cli/file_opener.h"

#include <algorithm>
#include <map>

#include "cli/location.h"
#include "cli/mapping.h"
#include "cli/ssh_options.h"
#include "formats/core/path.h"
#include "formats/core/read_ahead.h"
#include "storage/local_path.h"
#include "storage/local_reader.h"
#include "storage/ssh_reader.h"

namespace cbtctl::cli {
namespace {

using formats::core::ByteRange;
using formats::core::ByteSource;
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

// What a file inside another can be called: "".
bool is_nowhere(const Location& file) { return !file.is_ssh && file.path.empty(); }
formats::core::Error nowhere() { return storage::parse_location({}).error(); }

// Relative to "/", which is the root of every connection here.
std::string path_on_host(const Location& location) { return normalise(location.path).value_or(".."); }

}  // namespace

struct FileOpener::Hosts {
  storage::SshOptions options;
  std::map<std::string, Result<std::shared_ptr<storage::SshReader>>> connected;
  std::map<std::string, Result<std::vector<std::string>>> listed;  // by folder, without links

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

Result<FileOpener> FileOpener::with(const CommandLine& line, const std::vector<std::string>& names) {
  FileOpener opener;
  for (const std::string& name : names) {
    auto location = location_of(name);
    if (!location && !name.empty()) return location.error();
    opener.arguments_.push_back(location ? std::move(*location) : storage::local_location(name));
  }
  auto mappings = parse_mappings(line.list("map"));
  if (!mappings) return mappings.error();
  const auto is_on_host = [](const Location& each) { return each.is_ssh; };
  auto options = ssh_options_of(line, std::any_of(opener.arguments_.begin(), opener.arguments_.end(), is_on_host));
  if (!options) return options.error();
  if (options->transport == storage::SshTransport::automatic) options->transport = storage::SshTransport::sftp;
  if (line.provenance) opener.record_ = line.provenance->record;
  opener.mappings_ = std::move(*mappings);
  opener.hosts_ = std::make_shared<Hosts>(Hosts{std::move(*options), {}, {}});
  return opener;
}

Result<std::unique_ptr<ByteSource>> FileOpener::open(const Location& file) const {
  auto source = open_file(file);
  if (!source || record_ == nullptr) return source;
  return storage::recorded(std::move(*source), record_, storage::ReadRecord::no_target, file.text, modified_ns(file));
}

Result<std::unique_ptr<ByteSource>> FileOpener::open_file(const Location& file) const {
  if (is_nowhere(file)) return nowhere();
  if (!file.is_ssh) return storage::open_local_file(file.path);
  const auto reader = hosts_->reader(file);
  if (!reader) return reader.error();
  auto source = (*reader)->open(path_on_host(file));
  if (!source) return source.error();
  return std::unique_ptr<ByteSource>(std::make_unique<HostFile>(*reader, std::move(*source)));
}

Result<std::string> FileOpener::read_text(const Location& file) const {
  const auto source = open(file);
  if (!source) return source.error().in(file.text);
  const auto bytes = formats::core::read_exact(**source, 0, (*source)->size_bytes());
  if (!bytes) return bytes.error().in(file.text);
  return formats::core::text_of(*bytes);
}

Result<Location> FileOpener::real(const Location& file) const {
  if (is_nowhere(file)) return nowhere();
  if (!file.is_ssh) {
    auto local = storage::resolve_local(file.path);
    if (!local) return local.error();
    return storage::local_location(std::move(local->real));
  }
  const auto reader = hosts_->reader(file);
  if (!reader) return reader.error();
  auto found = (*reader)->find(path_on_host(file));
  if (!found) return found.error();
  Location without_links = file;
  without_links.path = std::move(found->real);
  without_links.text = storage::location_text(without_links);
  return without_links;
}

Result<std::string> FileOpener::real_name(const Location& file) const {
  auto found = real(file);
  if (!found) return found.error();
  return std::move(found->text);
}

std::optional<std::int64_t> FileOpener::modified_ns(const Location& file) const {
  if (is_nowhere(file)) return std::nullopt;
  if (!file.is_ssh) return storage::modified_ns(file.path);
  const auto reader = hosts_->reader(file);
  const auto found = reader ? (*reader)->find(path_on_host(file)) : Result<storage::SshFound>(reader.error());
  return found ? std::optional(found->status.modified_ns) : std::nullopt;
}

bool FileOpener::is_folder(const Location& file) const {
  if (is_nowhere(file)) return false;
  if (!file.is_ssh) {
    const auto local = storage::resolve_local(file.path);
    return local && local->is_folder;
  }
  const auto reader = hosts_->reader(file);
  const auto found = reader ? (*reader)->find(path_on_host(file)) : Result<storage::SshFound>(reader.error());
  return found && found->status.type == storage::EntryType::folder;
}

Result<std::vector<std::string>> FileOpener::names_beside(const Location& file) const {
  const auto found = real(file);
  if (!found) return found.error();
  const std::string_view parent = parent_of(found->path);
  const Location folder = storage::beside(*found, parent.empty() ? "/" : parent);
  const auto known = hosts_->listed.find(folder.text);
  return known != hosts_->listed.end() ? known->second
                                       : hosts_->listed.emplace(folder.text, list(folder)).first->second;
}

Result<std::vector<std::string>> FileOpener::list(const Location& folder) const {
  std::shared_ptr<storage::Reader> reader;
  if (folder.is_ssh) {
    const auto connected = hosts_->reader(folder);
    if (!connected) return connected.error();
    reader = *connected;
  } else {
    auto opened = storage::open_local(folder.path);
    if (!opened) return opened.error();
    reader = std::move(*opened);
  }
  reader->submit({{0, storage::ListRequest{folder.is_ssh ? path_on_host(folder) : std::string()}}});
  std::vector<std::string> names;
  for (const storage::Reply& reply : reader->collect()) {
    if (!reply.answer) return reply.answer.error().in(folder.text);
    for (const auto& entry : std::get<storage::Listing>(*reply.answer).entries) names.push_back(entry.name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace cbtctl::cli
