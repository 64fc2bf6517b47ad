#include "cli/ssh_places.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "discovery/volumes.h"
#include "formats/core/path.h"
#include "formats/vmware/names.h"
#include "host/facts.h"
#include "log/log.h"
#include "storage/ssh_reader.h"

namespace cbtctl::cli {
namespace {

using formats::core::ErrorKind;
using formats::core::file_name;
using formats::core::normalise;
using formats::core::parent_of;

std::string absolute_on_host(const storage::Location& target) {
  return "/" + normalise(std::string_view(target.path).substr(1)).value_or("");
}

discovery::Place place_of(const storage::Location& target, const storage::SshOptions& options, HostProgress& progress) {
  discovery::Place place;
  place.target.location = target.text;
  place.target.is_ssh = true;
  auto opened = storage::open_ssh(target, options);
  progress.add(opened ? opened->reader : nullptr);
  if (!opened) {
    place.target.error = opened.error();
    // What is wrong with one host's part of ssh_config stops no other host.
    if (opened.error().kind == ErrorKind::usage) place.target.error->kind = ErrorKind::unavailable;
    return place;
  }
  std::string given = absolute_on_host(target);
  if (opened->is_file) {
    place.only_vmx = std::string(file_name(given));
    given = std::string(parent_of(given));
  }
  if (given == "/") given.clear();
  place.host = opened->host_identity;
  place.roots.push_back(given);
  if (opened->real_root != given) place.roots.push_back(opened->real_root);
  place.reader = std::move(opened->reader);
  place.commands = std::move(opened->commands);
  return place;
}

// What discovery asks first: each host once for its facts; of a host's volumes only their names, which are compared
// before that; and of several targets, which may have a volume in common, not what lies there.
storage::SshOptions options_for(const std::vector<storage::Location>& targets, std::size_t place,
                                storage::SshOptions options, bool walks) {
  const auto is_same_host = [&](const storage::Location& other) { return other.host == targets[place].host; };
  const auto first = std::find_if(targets.begin(), targets.end(), is_same_host);
  if (first == targets.begin() + static_cast<std::ptrdiff_t>(place)) options.first_commands = {host::facts_command()};
  const std::string path = absolute_on_host(targets[place]);
  if (path == formats::vmware::volumes_root) {
    options.first_listing = storage::FirstListing::folder;
    options.lists_before_commands = walks;  // discovery::match_places
  } else if (walks && targets.size() == 1 && !formats::vmware::names_a_configuration(path)) {
    options.first_listing = storage::FirstListing::tree;
  }
  return options;
}

}  // namespace

std::vector<discovery::Place> open_ssh_places(const std::vector<storage::Location>& targets,
                                              storage::SshOptions options, unsigned jobs, bool walks,
                                              HostProgress& progress) {
  options.secrets = progress.without_line(options.secrets);
  std::vector<discovery::Place> places(targets.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < targets.size(); i = next++) {
      places[i] = place_of(targets[i], options_for(targets, i, options, walks), progress);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min<std::size_t>(jobs, targets.size()); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return places;
}

void tell_costs(const std::vector<discovery::Place>& places) {
  for (const discovery::Place& place : places) {
    const auto* reader = dynamic_cast<const storage::SshReader*>(place.reader.get());
    if (reader == nullptr) continue;
    const storage::SshCounters& counters = reader->counters();
    log::detail(place.target.location + ": after the login " + std::to_string(counters.waits) + " waits, " +
                std::to_string(counters.requests) + " requests, at most " + std::to_string(counters.most_outstanding) +
                " outstanding, " + std::to_string(counters.bytes_received) + " bytes received");
  }
}

}  // namespace cbtctl::cli
