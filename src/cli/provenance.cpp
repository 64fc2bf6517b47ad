#include "cli/provenance.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <sstream>

namespace cbtctl::cli {
namespace {

std::int64_t seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The number where the system knows no name.
std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr && user->pw_name != nullptr ? user->pw_name : std::to_string(::geteuid());
}

std::string host_name_of_this_machine() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

report::ReadFile read_file(const std::pair<std::size_t, std::string>& name, const storage::FileReading& reading) {
  report::ReadFile file;
  if (name.first != storage::ReadRecord::no_target) file.target = name.first;
  file.path = name.second;
  file.size_bytes = reading.size_bytes;
  file.modified_ns = reading.modified_ns;
  file.sha256 = reading.sha256;
  if (!reading.sha256.empty() && !reading.is_whole) file.bytes = reading.hashed_bytes;
  file.changed = reading.changed;
  return file;
}

}  // namespace

void add_provenance_option(Options& own) {
  own.flag("provenance", "in the document of --json: by whom and how it was made, and of which bytes of which files");
}

std::shared_ptr<const ProvenanceRun> begin_provenance(std::string_view verb,
                                                      const std::vector<std::string>& arguments) {
  auto run = std::make_shared<ProvenanceRun>();
  run->started = std::chrono::system_clock::now();
  std::istringstream words{std::string(verb)};
  for (std::string word; words >> word;) run->arguments.push_back(word);
  run->arguments.insert(run->arguments.end(), arguments.begin(), arguments.end());
  return run;
}

report::ProvenanceOf provenance_of(std::shared_ptr<const ProvenanceRun> run) {
  if (run == nullptr) return {};
  return [run = std::move(run)] {
    report::Provenance provenance{.started = seconds_of(run->started),
                                  .finished = seconds_of(std::chrono::system_clock::now()),
                                  .arguments = run->arguments,
                                  .user = user_name(),
                                  .host = host_name_of_this_machine(),
                                  .files = {}};
    for (const auto& [name, reading] : run->record->files()) provenance.files.push_back(read_file(name, reading));
    return provenance;
  };
}

}  // namespace cbtctl::cli
