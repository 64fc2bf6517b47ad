// One wave of requests per step, whatever the number of virtual machines: names first, then what the files named,
// until a wave is empty. A chain of odd names costs a wave per link; ordinary names were all read in the first.
#include "discovery/loader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "discovery/names.h"
#include "storage/path.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using model::Error;
using model::ErrorKind;
using model::Index;

// First reads: what almost every such file fits in. A text that is longer is read again, up to its kind's limit.
constexpr std::size_t first_text_bytes = 16 * 1024;
constexpr std::size_t first_disk_bytes = 4096;
constexpr std::size_t first_tracking_bytes = 1024;
constexpr std::size_t sparse_head_bytes = 64 * 1024;  // header, volatile header and embedded descriptor
constexpr std::size_t most_text_bytes = 4 * 1024 * 1024;

bool is_sparse(FileKind kind) {
  return kind == FileKind::cowd || kind == FileKind::sesparse || kind == FileKind::hosted_sparse;
}

bool is_template_name(std::string_view name) { return formats::text::lower(name).ends_with(".vmtx"); }

}  // namespace

Index Loader::file_at(const Spot& spot) {
  std::string key = std::to_string(spot.place) + '/' + spot.path;
  const auto [found, is_new] = file_by_spot_.try_emplace(std::move(key), datastore_.files.size());
  if (!is_new) return found->second;
  model::File file{.target = spot.place, .path = tree_.shown_path(spot)};
  const Tree::Lookup seen = tree_.look_up(spot);
  if (seen.entry == nullptr) {
    file.exists = seen.error.has_value();
    file.error = seen.error ? *seen.error : Error{ErrorKind::missing, "is not there"};
  } else if (seen.entry->type != storage::EntryType::file) {
    file.error = Error{ErrorKind::malformed, "is not a regular file"};
  }
  datastore_.files.push_back(std::move(file));
  spots_.push_back(spot);
  asked_.push_back(false);
  return found->second;
}

void Loader::want(Wanted wanted) {
  if (asked_[wanted.file] || datastore_.files[wanted.file].error) return;
  asked_[wanted.file] = true;
  wanted_.push_back(wanted);
}

void Loader::load_by_name(std::size_t place, const std::string& only_vmx) {
  for (const Folder& folder : tree_.folders(place)) {
    if (folder.error) {
      datastore_.unreadable_folders.push_back({.target = place, .path = folder.path, .error = folder.error});
    }
    for (const storage::Entry& entry : folder.entries) {
      if (entry.type != storage::EntryType::file) continue;
      const NameHint hint = hint_of(entry.name);
      if (hint == NameHint::other || hint == NameHint::disk_data) continue;
      if (hint == NameHint::configuration && !only_vmx.empty() && entry.name != only_vmx) continue;
      const Index file = file_at({place, storage::join(folder.path, entry.name)});
      if (hint == NameHint::configuration) want({file, Reading::configuration, first_text_bytes});
      if (hint == NameHint::snapshot_list) want({file, Reading::snapshot_list, first_text_bytes});
      if (hint == NameHint::disk) want({file, Reading::disk, first_disk_bytes});
      if (hint == NameHint::tracking) want({file, Reading::disk, first_tracking_bytes, true});
    }
  }
  fetch_wanted();
}

storage::Request Loader::request_for(const Wanted& wanted) const {
  std::string path = tree_.read_path(spots_[wanted.file]);
  if (wanted.reading == Reading::status) return storage::StatusRequest{std::move(path)};
  return storage::FetchRequest{std::move(path), wanted.most_bytes, wanted.with_status};
}

void Loader::fetch_wanted() {
  while (!wanted_.empty()) {
    const std::vector<Wanted> wave = std::exchange(wanted_, {});
    std::map<storage::Reader*, std::vector<storage::Submission>> by_reader;
    for (std::size_t i = 0; i < wave.size(); ++i) {
      by_reader[&tree_.reader(spots_[wave[i].file])].push_back({i, request_for(wave[i])});
    }
    for (auto& [reader, submissions] : by_reader) {
      reader->submit(std::move(submissions));
      for (auto replies = reader->collect(); !replies.empty(); replies = reader->collect()) {
        for (storage::Reply& reply : replies) answer(wave[reply.tag], reply);
      }
    }
  }
}

void Loader::answer(const Wanted& wanted, storage::Reply& reply) {
  model::File& file = datastore_.files[wanted.file];
  if (!reply.answer) {
    file.error = reply.answer.error();
    if (file.error->kind == ErrorKind::missing) file.exists = false;
    if (wanted.reading == Reading::configuration) parse_configuration(wanted.file, {});
    if (wanted.reading == Reading::snapshot_list) parse_snapshot_list(wanted.file, {});
    return;
  }
  if (const auto* status = std::get_if<storage::FileStatus>(&*reply.answer)) {
    file.size_bytes = status->size_bytes;
    file.allocated_bytes = status->allocated_bytes;
    return;
  }
  const auto& fetched = std::get<storage::Fetched>(*reply.answer);
  if (fetched.status) {
    file.size_bytes = fetched.status->size_bytes;
    file.allocated_bytes = fetched.status->allocated_bytes;
  } else if (fetched.whole) {
    file.size_bytes = fetched.bytes.size();
  }
  parse(wanted, fetched);
}

// What turns out longer than its first read is asked for again, once and up to its kind's limit; a text beyond that is
// no such file.
void Loader::parse(Wanted wanted, const storage::Fetched& fetched) {
  model::File& file = datastore_.files[wanted.file];
  file.kind = wanted.reading == Reading::configuration ? FileKind::vmx
              : wanted.reading == Reading::snapshot_list
                  ? FileKind::vmsd
                  : formats::identify(fetched.bytes, storage::file_name(file.path));
  const bool is_text = wanted.reading != Reading::disk || file.kind == FileKind::descriptor;
  const std::size_t limit = wanted.reading != Reading::disk ? most_text_bytes
                            : is_text                       ? formats::vmdk::most_descriptor_bytes
                                                            : sparse_head_bytes;
  const bool cut = !fetched.whole && (is_text || is_sparse(*file.kind));
  const bool needs_size = *file.kind == FileKind::ctk && !file.size_bytes;
  if ((cut && wanted.most_bytes < limit) || needs_size) {
    wanted.most_bytes = std::max(wanted.most_bytes, cut ? limit : wanted.most_bytes);
    wanted.with_status = !is_text;
    wanted_.push_back(wanted);
    return;
  }
  if (cut && is_text) {
    file.error = Error{ErrorKind::malformed, "is longer than " + std::to_string(limit) + " bytes: no such file is"};
  }
  switch (wanted.reading) {
    case Reading::configuration:
      return parse_configuration(wanted.file, formats::core::text_of(fetched.bytes));
    case Reading::snapshot_list:
      return parse_snapshot_list(wanted.file, formats::core::text_of(fetched.bytes));
    case Reading::disk:
      return parse_disk(wanted.file, fetched.bytes);
    case Reading::status:
      return;
  }
}

void Loader::parse_configuration(Index file, std::string text) {
  model::File& subject = datastore_.files[file];
  model::VirtualMachine machine{.file = file, .is_template = is_template_name(subject.path)};
  if (!subject.error) {
    auto settings = formats::vmx::decode(formats::text::Document::decode(std::move(text)));
    if (!settings) {
      subject.error = settings.error();
    } else if (settings->encrypted) {
      machine.settings = std::move(*settings);
      machine.unreadable = Error{ErrorKind::encrypted, "is encrypted"};
    } else {
      machine.settings = std::move(*settings);
    }
  }
  if (subject.error) machine.unreadable = subject.error;
  for (const formats::vmx::Disk& disk : machine.settings.disks) {
    if (!machine.unreadable) machine.disks.push_back({.settings = disk, .chain = {}});
  }
  datastore_.virtual_machines.push_back(std::move(machine));
}

void Loader::parse_snapshot_list(Index file, std::string text) {
  model::SnapshotFile list{.file = file, .content = {}};
  model::File& subject = datastore_.files[file];
  if (!subject.error) {
    auto content = formats::vmsd::decode(formats::text::Document::decode(std::move(text)));
    if (content) {
      list.content = std::move(*content);
    } else {
      subject.error = content.error();
    }
  }
  datastore_.snapshot_files.push_back(std::move(list));
}

void Loader::parse_disk(Index file, std::span<const std::byte> bytes) {
  const FileKind kind = *datastore_.files[file].kind;
  if (kind == FileKind::descriptor && !datastore_.files[file].error) add_descriptor(file, formats::core::text_of(bytes));
  if (is_sparse(kind)) {
    auto extent = formats::vmdk::decode_sparse(formats::core::SpanSource(bytes));
    if (extent) {
      if (extent->embedded_descriptor) add_descriptor(file, *extent->embedded_descriptor);
      datastore_.files[file].sparse = datastore_.sparse_extents.size();
      datastore_.sparse_extents.push_back(std::move(*extent));
    } else {
      datastore_.files[file].error = extent.error();
    }
  }
  if (kind == FileKind::ctk) {
    const auto header = formats::ctk::decode(bytes);
    if (header) headers_.emplace(file, *header);
  }
}

void Loader::add_descriptor(Index file, std::string text) {
  auto content = formats::vmdk::decode_descriptor(formats::text::Document::decode(std::move(text)));
  model::File& subject = datastore_.files[file];
  if (!content) {
    subject.error = content.error();
    return;
  }
  model::Descriptor descriptor{.file = file, .content = std::move(*content)};
  descriptor.judged = formats::text::lower(subject.path).ends_with(".vmdk");
  subject.descriptor = datastore_.descriptors.size();
  datastore_.descriptors.push_back(std::move(descriptor));
}

}  // namespace cbtctl::discovery
