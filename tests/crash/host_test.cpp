// The same on a stand-in host, change by change: the process is killed by SIGKILL before every change of the datastore
// and every line of the journal in turn, or its line is cut there; another connection puts the machine right.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include "tests/support/catch.h"

#include "discovery/discover.h"
#include "repair/recovery.h"
#include "tests/crash/cases.h"
#include "tests/support/faulty_writer.h"
#include "tests/support/standin.h"

using namespace support;

namespace {

namespace fs = std::filesystem;
using Opened = storage::SshPlace;

const std::string folder_on_host = "/tmp/crash";
fs::path here() { return Standin::instance().root() / "tmp/crash"; }

void put(const Files& files) {
  fs::remove_all(here());
  for (const auto& [path, content] : files) {
    fs::create_directories((here() / path).parent_path());
    std::ofstream(here() / path, std::ios::binary) << content;
    ::chmod((here() / path).c_str(), path.ends_with(".vmx") ? 0755 : 0600);
  }
}

Files contents() {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(here())) {
    const std::string path = fs::relative(entry.path(), here()).string();
    if (!entry.is_regular_file() || path.find(".cbtctl/") != std::string::npos) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[path] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

Opened open_host() { return Standin::instance().open(folder_on_host, storage::SshTransport::shell); }

repair::Look look_at(const Opened& host) {
  return [&host](const repair::MachinePlan& machine) {
    cbtctl::discovery::Place place;
    place.target.location = "ssh://esx" + folder_on_host;
    place.target.is_ssh = true;
    place.reader = host.reader;
    place.roots = {folder_on_host};
    for (const auto& folder : machine.folders) place.only_folders.push_back(folder.path);
    return cbtctl::discovery::discover({place}, {});
  };
}

repair::Plan begun(const Opened& host, const repair::Request& request) {
  const std::vector<repair::Site> sites{{folder_on_host, storage::open_ssh_writer(host.reader), {}}};
  const Datastore datastore = look_at(host)({});
  auto plan = repair::make_plan(datastore, cbtctl::analysis::analyze(datastore), request, sites);
  repair::seal_all(plan, sites);
  plan.owner = repair::this_owner();
  return plan;
}

// What a process does that ends at the moment; true where it came to its end before.
bool work(const repair::Request& request, Moments& moments) {
  const Opened host = open_host();
  const auto plan = begun(host, request);
  const std::vector<repair::Site> sites{
      {folder_on_host, std::make_shared<FaultyWriter>(storage::open_ssh_writer(host.reader), moments), {}}};
  MemoryJournal journal;
  journal.may_write = [&] { return moments.next(); };
  return repair::carry_out(plan, plan.machines.at(0), {sites, journal, look_at(host)}).outcome == Outcome::changed;
}

bool lives_until(const repair::Request& request, std::size_t moment) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Moments moments{.last = moment, .at_end = [] { ::kill(::getpid(), SIGKILL); }};
    ::_exit(work(request, moments) ? 0 : 2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  return WIFEXITED(status);
}

void recover(const Opened& host) {
  const std::vector<repair::Site> sites{{folder_on_host, storage::open_ssh_writer(host.reader), {}}};
  for (const std::string& folder : crash::folders()) {
    auto found = repair::find_unfinished({0, folder}, *sites[0].writer);
    if (!found) continue;
    found->life = repair::Life::dead;  // the process of a cut line is this one
    const auto result = repair::recover(*found, sites, look_at(host), true);
    INFO(told(result));
    CHECK((result.outcome == Outcome::rolled_back || result.outcome == Outcome::changed));
  }
}

Files wholly_changed(const crash::Case& subject) {
  put(subject.files);
  Moments moments;
  REQUIRE(work(subject.request, moments));
  return contents();
}

// Whether the change was carried on to its end.
bool check_recovered(const Files& before, const Files& changed) {
  static const Opened another = open_host();  // that of an administrator who comes by after every stop
  recover(another);
  const Files now = contents();
  REQUIRE((now == before || now == changed));
  for (const std::string& folder : crash::folders()) REQUIRE_FALSE(fs::exists(here() / folder / ".cbtctl/lock"));
  return now == changed;
}

// A run that was stopped early is taken back; some stop must have come so late that nothing was left to take back.
struct Ends {
  bool before = false;
  bool changed = false;
  void add(bool is_changed) { (is_changed ? changed : before) = true; }
};

}  // namespace

TEST_CASE("killed at every moment of a run on a host, a machine is as before or wholly changed", "[crash][host]") {
  const auto all = crash::cases();
  for (const crash::Case& subject : {all[0], all[5]}) {
    const Files changed = wholly_changed(subject);
    bool lived = false;
    Ends ends;
    for (std::size_t moment = 0; !lived; ++moment) {
      put(subject.files);
      const Files before = contents();
      lived = lives_until(subject.request, moment);
      INFO(subject.name << ", killed after " << moment << " moments");
      if (const bool is_changed = check_recovered(before, changed); !lived) ends.add(is_changed);
    }
    CHECK((ends.before && ends.changed));
  }
}

TEST_CASE("cut off at every moment of a run on a host, a machine is as before or wholly changed", "[crash][host]") {
  const auto all = crash::cases();
  const crash::Case& subject = all[0];
  const Files changed = wholly_changed(subject);
  bool ended = false;
  Ends ends;
  for (std::size_t moment = 0; !ended; ++moment) {
    put(subject.files);
    const Files before = contents();
    Moments moments{.last = moment};
    static_cast<void>(work(subject.request, moments));
    ended = !moments.is_over();
    INFO(subject.name << ", cut after " << moment << " moments");
    if (const bool is_changed = check_recovered(before, changed); !ended) ends.add(is_changed);
  }
  CHECK((ends.before && ends.changed));
}
