// One wave of requests per step, whatever the number of virtual machines: names first, then what the files named,
// until a wave is empty. A chain of odd names costs a wave per link; ordinary names were all read in the first.
#include "discovery/loader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "discovery/decode.h"
#include "discovery/names.h"
#include "storage/path.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
namespace core = formats::core;
using model::Error;
using model::ErrorKind;
using model::Index;

// First reads: what almost every such file fits in. A text that is longer is read again, up to its kind's limit.
constexpr std::size_t first_text_bytes = 16U << 10U;
constexpr std::size_t first_disk_bytes = 4096;
constexpr std::size_t first_tracking_bytes = 1024;

bool is_template_name(std::string_view name) { return formats::text::lower(name).ends_with(".vmtx"); }

}  // namespace

Index Loader::file_at(const Spot& spot, Lookup seen) {
  if (seen.entry == nullptr) seen = tree_.look_up(spot);
  if (seen.entry == nullptr) {
    const auto [known, is_new] =
        file_by_spot_.try_emplace(std::to_string(spot.place) + '/' + spot.path, datastore_.files.size());
    return is_new ? new_file(spot, seen) : known->second;
  }
  const std::size_t number = seen.number();
  if (file_by_number_.size() <= number) file_by_number_.resize(number + 1);
  if (!file_by_number_[number]) file_by_number_[number] = new_file(spot, seen);
  return *file_by_number_[number];
}

Index Loader::new_file(const Spot& spot, const Lookup& seen) {
  model::File file{.target = spot.place, .path = tree_.shown_path(spot)};
  if (seen.entry == nullptr) {
    file.exists = seen.error.has_value();
    file.error = seen.error ? *seen.error : Error{ErrorKind::missing, "is not there"};
  } else if (seen.entry->type != storage::EntryType::file) {
    file.error = Error{ErrorKind::malformed, "is not a regular file"};
  } else if (seen.entry->size) {
    file.size_bytes = seen.entry->size->size_bytes;
    file.allocated_bytes = seen.entry->size->allocated_bytes;
  }
  datastore_.files.push_back(std::move(file));
  spots_.push_back(spot);
  asked_.push_back(false);
  claimed_.push_back(false);
  return datastore_.files.size() - 1;
}

void Loader::want(Wanted wanted) {
  if (asked_[wanted.file] || datastore_.files[wanted.file].error) return;
  asked_[wanted.file] = true;
  if (wanted.reading == Reading::status && datastore_.files[wanted.file].size_bytes) return;  // the listing told it
  wanted_.push_back(wanted);
}

void Loader::want_by_name(std::size_t place) {
  std::size_t entries = 0;
  for (const Folder& folder : tree_.folders(place)) entries += folder.entries.size();
  datastore_.files.reserve(datastore_.files.size() + entries);
  spots_.reserve(spots_.size() + entries);
  file_by_number_.resize(file_by_number_.size() + entries);
  for (const Folder& folder : tree_.folders(place)) {
    if (folder.error) {
      datastore_.unreadable_folders.push_back({.target = place, .path = folder.path, .error = folder.error});
    }
    for (const storage::Entry& entry : folder.entries) {
      const NameHint hint = hint_of(entry.name);
      // A FIFO or a device by a configuration's name is told, not read.
      const bool is_no_file = entry.type == storage::EntryType::other && hint == NameHint::configuration;
      if (entry.type != storage::EntryType::file && !is_no_file) continue;
      if (hint == NameHint::other || hint == NameHint::disk_data) continue;
      const Index file = file_at({place, storage::join(folder.path, entry.name)}, {&entry, &folder, {}});
      if (is_no_file) add_machine(file, *datastore_.files[file].error);
      if (hint == NameHint::configuration) want({file, Reading::configuration, first_text_bytes});
      if (hint == NameHint::snapshot_list) want({file, Reading::snapshot_list, first_text_bytes});
      if (hint == NameHint::disk) want({file, Reading::disk, first_disk_bytes});
      if (hint == NameHint::tracking) want({file, Reading::disk, first_tracking_bytes, true});
      if (hint == NameHint::flat) want({file, Reading::status, 0});
    }
  }
}

// For what the wanted files will most likely turn out to be: growing such vectors costs more than filling them.
void Loader::make_room() {
  const auto wanted = [&](Reading reading, bool with_status) {
    return static_cast<std::size_t>(std::count_if(wanted_.begin(), wanted_.end(), [&](const Wanted& one) {
      return one.reading == reading && one.with_status == with_status;
    }));
  };
  const auto grow = [](auto& members, std::size_t more) { members.reserve(members.size() + more); };
  grow(datastore_.virtual_machines, wanted(Reading::configuration, false));
  grow(datastore_.snapshot_files, wanted(Reading::snapshot_list, false));
  grow(datastore_.descriptors, wanted(Reading::disk, false));
  grow(datastore_.tracking_files, wanted(Reading::disk, true));
}

storage::Request Loader::request_for(const Wanted& wanted) const {
  std::string path = tree_.read_path(spots_[wanted.file]);
  if (wanted.reading == Reading::status) return storage::StatusRequest{std::move(path)};
  const auto& listed = datastore_.files[wanted.file].size_bytes;
  const auto decoder = wanted.reading == Reading::configuration   ? decode_configuration
                       : wanted.reading == Reading::snapshot_list ? decode_snapshot_list
                                                                  : decode_disk;
  return storage::FetchRequest{std::move(path), wanted.most_bytes, wanted.with_status && !listed, decoder, listed};
}

void Loader::fetch_wanted() {
  while (!wanted_.empty()) {
    const std::vector<Wanted> wave = std::exchange(wanted_, {});
    std::map<storage::Reader*, std::vector<storage::Submission>> by_reader;
    std::vector<storage::Reply> empty;
    for (std::size_t i = 0; i < wave.size(); ++i) {
      storage::Request request = request_for(wave[i]);
      const auto* fetch = std::get_if<storage::FetchRequest>(&request);
      if (fetch != nullptr && fetch->listed_bytes == 0U) {
        empty.push_back({i, storage::nothing_of(*fetch)});
      } else {
        by_reader[&tree_.reader(spots_[wave[i].file])].push_back({i, std::move(request)});
      }
    }
    for (auto& [reader, submissions] : by_reader) reader->submit(std::move(submissions));
    for (storage::Reply& reply : empty) answer(wave[reply.tag], reply);
    for (const auto& [reader, submissions] : by_reader) {
      for (auto replies = reader->collect(); !replies.empty(); replies = reader->collect()) {
        for (storage::Reply& reply : replies) answer(wave[reply.tag], reply);
        refer_from_all();  // while the workers go on
      }
    }
  }
}

void Loader::answer(const Wanted& wanted, storage::Reply& reply) {
  model::File& file = datastore_.files[wanted.file];
  if (!reply.answer) {
    file.error = reply.answer.error();
    if (file.error->kind == ErrorKind::missing) file.exists = false;
    if (wanted.reading == Reading::configuration) add_machine(wanted.file, *file.error);
    if (wanted.reading == Reading::snapshot_list) add_snapshot_list(wanted.file, *file.error);
    return;
  }
  if (const auto* status = std::get_if<storage::FileStatus>(&*reply.answer)) {
    file.size_bytes = status->size_bytes;
    file.allocated_bytes = status->allocated_bytes;
    return;
  }
  auto& fetched = std::get<storage::Fetched>(*reply.answer);
  if (fetched.status) {
    file.size_bytes = fetched.status->size_bytes;
    file.allocated_bytes = fetched.status->allocated_bytes;
  } else if (fetched.whole) {
    file.size_bytes = fetched.bytes_read;
  }
  keep(wanted, fetched);
}

// What turned out longer than its first read is asked for again, up to its kind's limit, and so is a CTK file that was
// not taken for one, whose size is not known.
void Loader::keep(Wanted wanted, storage::Fetched& fetched) {
  auto* disk = std::any_cast<DecodedDisk>(&fetched.decoded);
  const bool needs_size = disk != nullptr && disk->tracking && !datastore_.files[wanted.file].size_bytes;
  if (!fetched.decoded.has_value() || needs_size) {
    if (!needs_size) wanted.most_bytes = wanted.reading == Reading::disk ? sparse_head_bytes : most_text_bytes;
    wanted.with_status = wanted.reading == Reading::disk;
    wanted_.push_back(wanted);
    return;
  }
  switch (wanted.reading) {
    case Reading::configuration:
      datastore_.files[wanted.file].kind = FileKind::vmx;
      return add_machine(wanted.file,
                         std::any_cast<core::Result<formats::vmx::Configuration>&&>(std::move(fetched.decoded)));
    case Reading::snapshot_list:
      datastore_.files[wanted.file].kind = FileKind::vmsd;
      return add_snapshot_list(wanted.file,
                               std::any_cast<core::Result<formats::vmsd::SnapshotList>&&>(std::move(fetched.decoded)));
    case Reading::disk:
      return add_disk(wanted.file, *disk);
    case Reading::status:
      return;
  }
}

void Loader::add_machine(Index file, core::Result<formats::vmx::Configuration> settings) {
  model::File& subject = datastore_.files[file];
  model::VirtualMachine machine{.file = file, .is_template = is_template_name(subject.path)};
  if (!settings) {
    subject.error = settings.error();
    machine.unreadable = subject.error;
  } else {
    machine.settings = std::move(*settings);
    if (machine.settings.encrypted) machine.unreadable = Error{ErrorKind::encrypted, "is encrypted"};
  }
  for (const formats::vmx::Disk& disk : machine.settings.disks) {
    if (!machine.unreadable) machine.disks.push_back({.settings = disk, .chain = {}});
  }
  datastore_.virtual_machines.push_back(std::move(machine));
}

void Loader::add_snapshot_list(Index file, core::Result<formats::vmsd::SnapshotList> content) {
  model::SnapshotFile list{.file = file, .content = {}};
  model::File& subject = datastore_.files[file];
  if (content) {
    list.content = std::move(*content);
  } else {
    subject.error = content.error();
  }
  datastore_.snapshot_files.push_back(std::move(list));
}

void Loader::add_disk(Index file, DecodedDisk& disk) {
  model::File& subject = datastore_.files[file];
  subject.kind = disk.kind;
  subject.error = disk.error;
  if (disk.descriptor) {
    model::Descriptor descriptor{.file = file, .content = std::move(*disk.descriptor)};
    descriptor.judged = formats::text::lower(subject.path).ends_with(".vmdk");
    subject.descriptor = datastore_.descriptors.size();
    datastore_.descriptors.push_back(std::move(descriptor));
  }
  if (disk.sparse) {
    subject.sparse = datastore_.sparse_extents.size();
    datastore_.sparse_extents.push_back(std::move(*disk.sparse));
  }
  if (disk.tracking) {
    subject.tracking = datastore_.tracking_files.size();
    datastore_.tracking_files.push_back({.file = file, .header = *disk.tracking, .named_by = {}});
  }
}

}  // namespace cbtctl::discovery
