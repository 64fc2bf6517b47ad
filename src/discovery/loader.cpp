// Folders are met as they are listed, with what their reader read along. Else there is one wave of requests per step,
// until a wave is empty. A chain of odd names costs a wave per link; ordinary names were all read in the first.
#include "discovery/loader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "discovery/decode.h"
#include "discovery/names.h"
#include "formats/core/path.h"

namespace cbtctl::discovery {
namespace {

using formats::FileKind;
using formats::core::file_name;
using formats::core::join;
namespace core = formats::core;
using model::Error;
using model::ErrorKind;
using model::Index;

// First reads: what almost every such file fits in. A text that is longer is read again, up to its kind's limit.
constexpr std::size_t first_text_bytes = 16U << 10U;
constexpr std::size_t first_disk_bytes = 4096;
constexpr std::size_t first_tracking_bytes = 1024;

constexpr std::size_t folders_between_looks = 64;
constexpr std::size_t most_foreseen = 256 * 1024;  // of a kind

}  // namespace

Index Loader::file_at(Spot spot, Lookup seen) {
  if (seen.entry == nullptr) seen = tree_.look_up(spot);
  if (seen.entry == nullptr) {
    const auto [known, is_new] =
        file_by_spot_.try_emplace(std::to_string(spot.place) + '/' + spot.path, datastore_.files.size());
    return is_new ? new_file(std::move(spot), seen) : known->second;
  }
  const std::size_t number = seen.number();
  if (file_by_number_.size() <= number) file_by_number_.resize(number + 1);
  if (!file_by_number_[number]) file_by_number_[number] = new_file(std::move(spot), seen);
  return *file_by_number_[number];
}

Index Loader::new_file(Spot spot, const Lookup& seen) {
  const bool is_called_tracking = hint_of(file_name(spot.path)) == NameHint::tracking;
  model::File file{.target = spot.place, .path = tree_.shown_path(std::move(spot))};
  if (seen.entry == nullptr) {
    file.exists = seen.error.has_value();
    file.error = seen.error ? *seen.error : Error{ErrorKind::missing, "is not there"};
  } else if (seen.entry->type != storage::EntryType::file) {
    file.error = Error{ErrorKind::malformed, "is not a regular file"};
  } else {
    file.size_bytes = seen.entry->size_bytes;
  }
  datastore_.files.push_back(std::move(file));
  asked_.push_back(false);
  claimed_.push_back(false);
  if (is_called_tracking) called_tracking_.push_back({.file = datastore_.files.size() - 1, .disk = {}});
  return datastore_.files.size() - 1;
}

void Loader::want(Wanted wanted) {
  if (asked_[wanted.file] || datastore_.files[wanted.file].error) return;
  asked_[wanted.file] = true;
  if (wanted.reading == Reading::status && datastore_.files[wanted.file].size_bytes) return;  // the listing told it
  wanted_.push_back(wanted);
}

// What is read first of a file that is called so.
std::optional<Loader::Wanted> Loader::first_wanted(NameHint hint) {
  switch (hint) {
    case NameHint::configuration:
      return Wanted{.reading = Reading::configuration, .most_bytes = first_text_bytes};
    case NameHint::snapshot_list:
      return Wanted{.reading = Reading::snapshot_list, .most_bytes = first_text_bytes};
    case NameHint::disk:
      return Wanted{.reading = Reading::disk, .most_bytes = first_disk_bytes};
    case NameHint::tracking:
      return Wanted{.reading = Reading::disk, .most_bytes = first_tracking_bytes, .with_status = true};
    case NameHint::flat:
      return Wanted{.reading = Reading::status};
    case NameHint::disk_data:
    case NameHint::other:
      break;
  }
  return std::nullopt;
}

storage::Decoder Loader::decoder_of(Reading reading) {
  switch (reading) {
    case Reading::configuration:
      return decode_configuration;
    case Reading::snapshot_list:
      return decode_snapshot_list;
    case Reading::disk:
      return decode_disk;
    case Reading::status:
      break;
  }
  return nullptr;
}

std::optional<storage::FetchRequest> Loader::glance(std::string_view name) {
  const auto wanted = first_wanted(hint_of(name));
  if (!wanted) return std::nullopt;
  storage::FetchRequest request{std::string(name), wanted->most_bytes, wanted->with_status,
                                decoder_of(wanted->reading)};
  request.often_empty = wanted->reading == Reading::snapshot_list;
  return request;
}

// Members are large and come by the thousand: with room for as many as the folders so far promise they need not move.
void Loader::foresee(std::size_t folders_left) {
  if (++folders_met_ % folders_between_looks != 0) return;
  const auto make_room = [&](auto& all) {
    const std::size_t foreseen = std::min(all.size() + all.size() * folders_left / folders_met_, most_foreseen);
    if (all.capacity() < foreseen) all.reserve(foreseen + foreseen / 8);
  };
  make_room(datastore_.files);
  make_room(datastore_.descriptors);
  make_room(datastore_.snapshot_files);
  make_room(datastore_.tracking_files);
  make_room(datastore_.virtual_machines);
}

void Loader::meet(Tree::Visited& visited) {
  auto& [place, folder, glimpses, folders_left] = visited;
  foresee(folders_left);
  const std::size_t first_called = called_tracking_.size();
  auto glimpse = glimpses.begin();
  for (std::size_t i = 0; i < folder.entries.size(); ++i) {
    const storage::Entry& entry = folder.entries[i];
    const NameHint hint = hint_of(entry.name);
    auto wanted = first_wanted(hint);
    // A FIFO or a device by a configuration's name is told, not read.
    const bool is_no_file = entry.type == storage::EntryType::other && hint == NameHint::configuration;
    const bool is_data = hint == NameHint::disk_data || hint == NameHint::flat;
    if ((!wanted && !is_data) || (entry.type != storage::EntryType::file && !is_no_file)) continue;
    const Index file = file_at({place, join(folder.path, entry.name)}, {&entry, &folder, {}});
    if (is_data) data_files_.push_back(file);
    if (!wanted) continue;
    wanted->file = file;
    if (is_no_file) add_machine(file, *datastore_.files[file].error);
    if (glimpse != glimpses.end() && glimpse->entry == i) {
      asked_[file] = true;
      answer(*wanted, (glimpse++)->fetched);
    } else {
      want(*wanted);
    }
  }
  for (std::size_t called = first_called; called < called_tracking_.size(); ++called) find_disk_of(called);
  refer_from_all();
}

// A running machine's configuration can be read by its own host alone.
Spot Loader::spot_to_ask(const Wanted& wanted) const {
  Spot spot = spot_of(wanted.file);
  return wanted.refused == 0 ? spot : tree_.other_ways(spot)[wanted.refused - 1];
}

// True where another place that reaches the file is asked; else the first error stands.
bool Loader::ask_another(Wanted wanted, const Error& error) {
  first_errors_.try_emplace(wanted.file, error);
  if (!may_differ_by_host(error.kind) || tree_.other_ways(spot_of(wanted.file)).size() <= wanted.refused) return false;
  ++wanted.refused;
  wanted_.push_back(wanted);
  return true;
}

storage::Request Loader::request_for(const Wanted& wanted) const {
  std::string path = tree_.read_path(spot_to_ask(wanted));
  if (wanted.reading == Reading::status) return storage::StatusRequest{std::move(path)};
  const auto& listed = datastore_.files[wanted.file].size_bytes;
  return storage::FetchRequest{std::move(path), wanted.most_bytes, wanted.with_status && !listed,
                               decoder_of(wanted.reading), listed};
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
        by_reader[&tree_.reader(spot_to_ask(wave[i]))].push_back({i, std::move(request)});
      }
    }
    for (auto& [reader, submissions] : by_reader) reader->submit(std::move(submissions));
    for (storage::Reply& reply : empty) answer(wave[reply.tag], reply.answer);
    for (const auto& [reader, submissions] : by_reader) {
      for (auto replies = reader->collect(); !replies.empty(); replies = reader->collect()) {
        for (storage::Reply& reply : replies) answer(wave[reply.tag], reply.answer);
        refer_from_all();  // while the workers go on
      }
    }
  }
}

void Loader::answer(const Wanted& wanted, core::Result<storage::Answer>& answer) {
  model::File& file = datastore_.files[wanted.file];
  if (!answer) {
    if (ask_another(wanted, answer.error())) return;
    file.error = first_errors_.at(wanted.file);
    // Only what a listing showed is asked for.
    if (file.error->kind == ErrorKind::missing) file.error = Error{ErrorKind::changed, "vanished while it was read"};
    if (wanted.reading == Reading::configuration) add_machine(wanted.file, *file.error);
    if (wanted.reading == Reading::snapshot_list) add_snapshot_list(wanted.file, *file.error);
    return;
  }
  if (const auto* status = std::get_if<storage::FileStatus>(&*answer)) {
    file.size_bytes = status->size_bytes;
  } else {
    this->answer(wanted, std::get<storage::Fetched>(*answer));
  }
}

void Loader::answer(const Wanted& wanted, storage::Fetched& fetched) {
  model::File& file = datastore_.files[wanted.file];
  if (fetched.status) {
    file.size_bytes = fetched.status->size_bytes;
  } else if (fetched.whole) {
    file.size_bytes = fetched.bytes_read;
  }
  keep(wanted, fetched);
}

std::size_t Loader::next_bytes(const Wanted& wanted) {
  if (wanted.reading != Reading::disk) return most_text_bytes;
  return wanted.most_bytes < sparse_head_bytes ? sparse_head_bytes : most_disk_bytes;
}

// What turned out longer than its first read is asked for again, up to its kind's limit, and so is what needs its size
// and was read without: a CTK file that was not taken for one, and what shows no kind, since its length tells whether
// it could be a descriptor.
void Loader::keep(Wanted wanted, storage::Fetched& fetched) {
  auto* disk = std::any_cast<DecodedDisk>(&fetched.decoded);
  const bool needs_size = disk != nullptr && (disk->kind == FileKind::ctk || disk->kind == FileKind::data) &&
                          !datastore_.files[wanted.file].size_bytes;
  if (!fetched.decoded.has_value() || needs_size) {
    if (!needs_size) wanted.most_bytes = next_bytes(wanted);
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

}  // namespace cbtctl::discovery
