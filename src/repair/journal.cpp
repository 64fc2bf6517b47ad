#include "repair/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "formats/core/base64.h"
#include "repair/step_kind.h"
#include "storage/local_file.h"

namespace cbtctl::repair {
namespace {

using formats::core::Error;
using formats::core::Result;
using formats::core::Status;
using formats::core::success;
using Json = nlohmann::ordered_json;

std::string state_folder() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/cbtctl";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr && *home != '\0' ? home : "/root") + "/.local/state/cbtctl";
}

Status write_and_sync(const storage::Descriptor& file, std::string_view bytes) {
  const Status written = storage::write_fully(file, std::as_bytes(std::span(bytes)));
  if (!written) return written;
  if (::fsync(file.get()) != 0) return storage::error_of(errno);
  return success();
}

Result<storage::Descriptor> open_at(const std::string& path, int flags) {
  storage::Descriptor file(::open(path.c_str(), O_CLOEXEC | flags, 0600));
  if (!file.is_open()) return storage::error_of(errno).in(path);
  return file;
}

// The names in it last.
Status sync_folder(const std::string& path) {
  const auto folder = open_at(path, O_RDONLY | O_DIRECTORY);
  if (!folder) return folder.error();
  if (::fsync(folder->get()) != 0 && errno != EINVAL) return storage::error_of(errno).in(path);
  return success();
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// As text where it is UTF-8, else exact beside a readable form.
void put_bytes(Json& line, const std::string& key, const std::string& bytes) {
  line[key] = bytes;
  try {
    static_cast<void>(line[key].dump());
  } catch (const Json::exception&) {
    line[key + "_base64"] = formats::core::to_base64(bytes);
  }
}

std::string bytes_at(const Json& object, const std::string& key) {
  const auto exact = formats::core::from_base64(text_at(object, (key + "_base64").c_str()));
  return exact && !exact->empty() ? *exact : text_at(object, key.c_str());
}

std::optional<std::size_t> number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? std::optional(found->get<std::size_t>()) : std::nullopt;
}

constexpr std::string_view journal_schema = "cbtctl.journal/2";

// Of a journal whose first line tells a later format; empty: it is none.
std::string later_format_in(const std::string& text) {
  const Json first = Json::parse(text.substr(0, text.find('\n')), nullptr, false);
  const std::string schema = first.is_object() ? text_at(first, "schema") : std::string();
  return schema.empty() || schema == journal_schema ? std::string() : told_of_later(schema, text_at(first, "tool"));
}

// A journal may end in the middle of a line.
std::vector<Step> steps_of(const std::string& text) {
  std::vector<Step> steps;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) continue;
    if (object.contains("schema")) continue;  // its first line
    steps.push_back({text_at(object, "time"), bytes_at(object, "vm"), number_at(object, "machine"),
                     text_at(object, "what"), bytes_at(object, "path"), text_at(object, "description"),
                     text_at(object, "sha256_before"), text_at(object, "sha256_after")});
  }
  return steps;
}

// Whether a journal has such lines.
bool is_recorded_outcome(Outcome outcome) {
  switch (outcome) {
    case Outcome::changed:
    case Outcome::restored:
    case Outcome::refused:
    case Outcome::rolled_back:
    case Outcome::failed:
      return true;
    case Outcome::cancelled:
    case Outcome::unfinished:
    case Outcome::not_begun:
      return false;
  }
  return false;
}

class FileJournal final : public Journal {
 public:
  explicit FileJournal(storage::Descriptor file) : file_(std::move(file)) {}

  Status append(Step step) override {
    Json line{{"time", time_now()}, {"what", step.what}};
    put_bytes(line, "vm", step.vm);
    if (step.machine) line["machine"] = *step.machine;
    if (!step.path.empty()) put_bytes(line, "path", step.path);
    if (!step.description.empty()) line["description"] = step.description;
    if (!step.sha256_before.empty()) line["sha256_before"] = step.sha256_before;
    if (!step.sha256_after.empty()) line["sha256_after"] = step.sha256_after;
    const Status written = write_and_sync(file_, line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    return written ? written : Status(written.error().in("the journal"));
  }

 private:
  storage::Descriptor file_;
};

class NoJournal final : public Journal {
 public:
  Status append(Step) override { return success(); }
};

// A line that was cut must not swallow the next one.
Result<std::unique_ptr<Journal>> open_journal(const std::string& folder, int flags) {
  auto file = open_at(folder + "/journal", O_RDWR | O_APPEND | flags);
  if (!file) return file.error();
  const off_t end = ::lseek(file->get(), 0, SEEK_END);
  char last = '\n';
  if (end > 0 && ::pread(file->get(), &last, 1, end - 1) == 1 && last != '\n') {
    if (const Status ended = write_and_sync(*file, "\n"); !ended) return ended.error().in(folder);
  }
  return std::unique_ptr<Journal>(std::make_unique<FileJournal>(std::move(*file)));
}

// Its first line says how the others are read. 0.1.0 wrote none.
Status begin_journal(const std::string& folder) {
  const auto file = open_at(folder + "/journal", O_WRONLY | O_CREAT | O_APPEND);
  if (!file) return file.error();
  const Json line{{"schema", journal_schema}, {"tool", CBTCTL_VERSION}};
  const Status written = write_and_sync(*file, line.dump() + "\n");
  return written ? written : Status(written.error().in(folder));
}

}  // namespace

Result<std::unique_ptr<Journal>> create_journal(const Plan& plan) {
  const std::string folder = state_folder() + "/" + plan.id;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return storage::error_of(failed.value()).in(folder);
  ::chmod(folder.c_str(), 0700);
  auto copy = open_at(folder + "/plan.json", O_WRONLY | O_CREAT | O_EXCL);
  if (!copy) return copy.error();
  if (const Status written = write_and_sync(*copy, to_text(plan)); !written) return written.error().in(folder);
  if (const Status begun = begin_journal(folder); !begun) return begun.error();
  auto journal = open_journal(folder, 0);
  if (!journal) return journal.error();
  for (const std::string& path : {folder, state_folder(), state_folder() + "/.."}) {
    if (const Status synced = sync_folder(path); !synced) return synced.error();
  }
  return journal;
}

// What a later version writes is left as it is.
std::unique_ptr<Journal> reopen_journal(const std::string& run) {
  const std::string folder = state_folder() + "/" + run;
  const bool is_ours = is_run_id(run) && later_format_in(text_of(folder + "/journal")).empty();
  auto journal = is_ours ? open_journal(folder, 0) : Result<std::unique_ptr<Journal>>(Error{});
  return journal ? std::move(*journal) : std::make_unique<NoJournal>();
}

bool RecordedRun::is_of(const Step& step, const MachinePlan& machine) const {
  return step.machine && machine.number ? *step.machine == *machine.number : step.vm == machine.vm;
}

// What a recovery finished of an undo is restored; an undo that said no more is not at its end.
Outcome RecordedRun::outcome_of(const MachinePlan& machine) const {
  Outcome outcome = is_recorded ? Outcome::not_begun : Outcome::unfinished;
  bool is_taken_back = false;
  for (const Step& step : steps) {
    if (!is_of(step, machine)) continue;
    const auto told = outcome_from(step.what);
    if (!told || !is_recorded_outcome(*told)) {
      is_taken_back |= step.what == name_of(StepKind::taking_back);
      outcome = Outcome::unfinished;
      continue;
    }
    outcome = is_taken_back && *told == Outcome::rolled_back ? Outcome::restored : *told;
    if (*told == Outcome::changed) is_taken_back = false;
  }
  return outcome;
}

std::optional<RecordedRun> recorded_run(const std::string& id) {
  const std::filesystem::path folder = std::filesystem::path(state_folder()) / id;
  std::error_code failed;
  if (!is_run_id(id) || !std::filesystem::is_directory(folder, failed)) return std::nullopt;
  const std::string journal = text_of(folder / "journal");
  RecordedRun run{.id = id, .plan = {}, .trouble = later_format_in(journal), .steps = {}};
  run.is_recorded = true;
  run.is_later = !run.trouble.empty();
  if (run.is_later) return run;
  run.steps = steps_of(journal);
  auto plan = plan_from_text(text_of(folder / "plan.json"));
  if (!plan) {
    run.trouble = plan.error().message;
    run.is_later = plan.error().kind == formats::core::ErrorKind::unsupported;
    return run;
  }
  number_machines(*plan);
  run.plan = std::move(*plan);
  return run;
}

std::vector<RecordedRun> recorded_runs() {
  std::vector<RecordedRun> runs;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(state_folder(), failed)) {
    if (auto run = recorded_run(entry.path().filename().string())) runs.push_back(std::move(*run));
  }
  std::sort(runs.begin(), runs.end(), [](const RecordedRun& a, const RecordedRun& b) { return a.id < b.id; });
  return runs;
}

std::string record_folder_of_runs() { return state_folder(); }

std::string newest_recorded() {
  std::string newest;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(state_folder(), failed)) {
    const std::string name = entry.path().filename().string();
    if (is_run_id(name)) newest = std::max(newest, name);
  }
  return newest;
}

}  // namespace cbtctl::repair
