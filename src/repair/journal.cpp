#include "repair/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::Result;
using formats::core::Status;
using Json = nlohmann::ordered_json;

std::string state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/cbtctl";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : "/root") + "/.local/state/cbtctl";
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

Status write_and_sync(const storage::Descriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return storage::error_of(errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0) return storage::error_of(errno);
  return formats::core::success();
}

Result<storage::Descriptor> open_at(const std::string& path, int flags) {
  storage::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0600));
  if (!file.is_open()) return storage::error_of(errno).in(path);
  return file;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A journal may end in the middle of a line.
std::vector<Step> steps_of(const std::string& text) {
  std::vector<Step> steps;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) continue;
    steps.push_back(
        {object.value("time", ""), object.value("vm", ""), object.value("what", ""), object.value("path", "")});
  }
  return steps;
}

}  // namespace

Result<Journal> Journal::create(const Plan& plan) {
  const std::string folder = state_folder() + "/" + plan.id;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return storage::error_of(failed.value()).in(folder);
  ::chmod(folder.c_str(), 0700);
  auto copy = open_at(folder + "/plan.json", O_CREAT | O_EXCL);
  if (!copy) return copy.error();
  if (const Status written = write_and_sync(*copy, to_text(plan)); !written) return written.error().in(folder);
  return reopen(plan.id);
}

Result<Journal> Journal::reopen(const std::string& run) {
  auto file = open_at(state_folder() + "/" + run + "/journal", O_CREAT | O_APPEND);
  if (!file) return file.error();
  Journal journal;
  journal.file_ = std::move(*file);
  return journal;
}

Status Journal::append(const std::string& vm, std::string_view what, const std::string& path) {
  if (!file_.is_open()) return formats::core::success();
  const Json line{{"time", now()}, {"vm", vm}, {"what", what}, {"path", path}};
  const Status written = write_and_sync(file_, line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  return written ? written : Status(written.error().in("the journal"));
}

std::string RecordedRun::outcome_of(const std::string& vm) const {
  constexpr std::array<std::string_view, 6> outcomes{"changed",     "restored", "refused",
                                                     "rolled-back", "failed",   "recovered"};
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (step->vm == vm && std::find(outcomes.begin(), outcomes.end(), step->what) != outcomes.end()) return step->what;
  }
  return "unfinished";
}

std::vector<RecordedRun> recorded_runs() {
  std::vector<RecordedRun> runs;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(state_folder(), failed)) {
    if (!entry.is_directory()) continue;
    RecordedRun run{
        .id = entry.path().filename().string(), .plan = {}, .steps = steps_of(text_of(entry.path() / "journal"))};
    if (auto plan = plan_from_text(text_of(entry.path() / "plan.json"))) run.plan = std::move(*plan);
    runs.push_back(std::move(run));
  }
  std::sort(runs.begin(), runs.end(), [](const RecordedRun& a, const RecordedRun& b) { return a.id < b.id; });
  return runs;
}

}  // namespace cbtctl::repair
