// What a host says of its machines, and the reload, on a host in memory.
#include <map>
#include "tests/support/catch.h"

#include "host/states.h"

using namespace cbtctl::host;
using cbtctl::model::PowerState;
using cbtctl::storage::CommandOutput;

namespace {

// Answers each question of a script with what the test says: "summary 7", "tasks 7", "lock /x", "reload 7", "config 7".
class Host final : public cbtctl::storage::Commands {
 public:
  std::map<std::string, std::string> answers;

  std::future<Result<CommandOutput>> run(std::string_view, std::vector<std::string> arguments) override {
    std::string output;
    for (const std::string& argument : arguments) {
      const std::size_t end = argument.find_first_of("/:");
      const std::string word = argument.substr(0, end);
      const bool is_file = argument[end] == '/';
      const std::string subject = argument.substr(is_file ? end : end + 1);
      for (const char* question : {"lock", "summary", "tasks", "reload", "config"}) {
        const auto found = answers.find(std::string(question) + " " + subject);
        if (found == answers.end()) continue;
        output += "\n" + word + " ask " + question + " vim-cmd x\n" + found->second + "\n" + word + " end 0\n";
      }
    }
    std::promise<Result<CommandOutput>> promise;
    promise.set_value(CommandOutput{.output = output, .errors = {}, .exit_status = 0});
    return promise.get_future();
  }
};

std::string summary(const std::string& power, const std::string& end = ",") {
  return "Listsummary:\n\n(vim.vm.Summary) {\n   runtime = (vim.vm.RuntimeInfo) {\n      powerState = \"" + power +
         "\"" + end + "\n   }" + end +
         "\n   config = (vim.vm.Summary.ConfigSummary) {\n      vmPathName = \"[ds 1] a/a.vmx\"" + end +
         "\n      annotation = \"x\n      powerState = \"poweredOn\"\"\n   }\n}\n";
}
const std::string lock =
    "Lock [type 10c00001 offset 1 v 2, hb offset 3\ngen 223, mode 1, owner 0-0-0-005056aabbcc mtime 1\nnum 0]\n";

}  // namespace

TEST_CASE("a host tells the power, the path and the tasks of its machines, in their order") {
  Host host;
  host.answers = {{"summary 7", summary("poweredOff")},
                  {"tasks 7", "(ManagedObjectReference) []\n"},
                  {"summary 12", summary("suspended", ", ")},
                  {"tasks 12", "(ManagedObjectReference) [\n   'vim.Task:haTask-12-vim.VirtualMachine.clone-1'\n]\n"},
                  {"lock /vmfs/volumes/ds1/a/a.vmx", lock}};
  const auto told = ask(host, {.files = {"/vmfs/volumes/ds1/a/a.vmx"}, .ids = {"7", "12"}});
  REQUIRE(told);
  CHECK(told->locks.at(0)->mode == LockMode::exclusive);
  REQUIRE(told->states.size() == 2);
  CHECK(told->states[0]->power == PowerState::off);
  CHECK(told->states[0]->written_path == "[ds 1] a/a.vmx");
  CHECK(told->states[0]->tasks.empty());
  CHECK(told->states[1]->power == PowerState::suspended);
  REQUIRE(told->states[1]->tasks.size() == 1);
  CHECK(told->states[1]->tasks[0].machine_id == "12");
}

TEST_CASE("a machine that the host does not tell of is an error, and stops no other") {
  Host host;
  host.answers = {{"summary 7", "(vim.fault.NotFound) {\n   msg = \"Unable to find a VM\"\n}\n"},
                  {"tasks 7", "(ManagedObjectReference) []\n"},
                  {"summary 8", summary("poweredOn")},
                  {"tasks 8", "(ManagedObjectReference) []\n"}};
  const auto told = ask(host, {.files = {}, .ids = {"7", "8"}});
  REQUIRE(told);
  CHECK_FALSE(told->states.at(0));
  CHECK(told->states.at(1)->power == PowerState::on);
  host.answers.erase("summary 8");
  CHECK_FALSE(ask(host, {.files = {}, .ids = {"7", "8"}}));
}

TEST_CASE("after a reload the host says whether it has CBT on") {
  Host host;
  host.answers = {{"reload 7", ""}, {"config 7", "Configuration:\n   changeTrackingEnabled = true, \n"}};
  CHECK(*reload(host, "7") == true);
  host.answers["config 7"] = "   changeTrackingEnabled = <unset>\n";
  CHECK(*reload(host, "7") == std::nullopt);
  host.answers["reload 7"] = "(vim.fault.InvalidState) {\n   msg = \"no\"\n}\n";
  CHECK_FALSE(reload(host, "7"));
}
