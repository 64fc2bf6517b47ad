// Hosts that ask for more than the password, again and again, or under another name.
#include "storage/ssh_prompts.h"

#include "tests/support/catch.h"

using namespace cbtctl::storage;
using By = PromptDecision::By;

namespace {

const SshPrompt password{.round = 0, .text = "Password: ", .shows_answer = false};

}  // namespace

TEST_CASE("the given password answers the first hidden prompt of the first round") {
  for (const bool has_person : {false, true})
    CHECK(decide_prompt(password, {.has_password = true, .has_person = has_person}).by == By::given_password);
}

TEST_CASE("what else a host asks is for a person") {
  const SshAnswerers unused{.has_password = true, .has_person = true};
  const SshAnswerers used{.has_password = true, .is_password_used = true, .has_person = true};
  CHECK(decide_prompt({.round = 0, .text = "One-time code: "}, used).by == By::person);
  CHECK(decide_prompt({.round = 1, .text = "New password: "}, used).by == By::person);
  CHECK(decide_prompt(password, used).by == By::person);
  CHECK(decide_prompt({.round = 1, .text = "Password: "}, unused).by == By::person);
  CHECK(decide_prompt({.round = 0, .text = "User: ", .shows_answer = true}, unused).by == By::person);
  CHECK(decide_prompt(password, {.has_person = true}).by == By::person);
}

TEST_CASE("where nobody is at a terminal the prompt that has no answer is named") {
  const auto code =
      decide_prompt({.round = 0, .text = "One-time code: "}, {.has_password = true, .is_password_used = true});
  CHECK(code.by == By::nobody);
  CHECK(code.reason ==
        "the host asks 'One-time code:' after the password, which only a person at a terminal can answer");
  const auto later = decide_prompt({.round = 3, .text = "Password: "}, {.has_password = true});
  CHECK(later.by == By::nobody);
  CHECK(later.reason == "the host asks 'Password:', which only a person at a terminal can answer");
  CHECK(decide_prompt(password, {}).reason == "no password was given for 'Password:'");
  CHECK(decide_prompt({.text = "User: ", .shows_answer = true}, {}).reason ==
        "the host asks 'User:', which only a person at a terminal can answer");
}

TEST_CASE("a prompt is shown with the host's name before it, and not at any length") {
  CHECK(question_of("root@esx1", "Password: ") == "(root@esx1) Password: ");
  CHECK(question_of("root@esx1", std::string(1 << 20, 'x')).size() < 2000);
  CHECK(decide_prompt({.round = 1, .text = std::string(1 << 20, 'x')}, {}).reason.size() < 400);
  CHECK(decide_prompt({.round = 1, .text = "  "}, {}).reason.find("''") != std::string::npos);
}

TEST_CASE("what a host says before its questions is shown line by line, and not at any length") {
  CHECK(introduction_of("root@esx1", "Name", "one\r\n\n  two  \n") ==
        std::vector<std::string>{"(root@esx1) Name", "(root@esx1) one", "(root@esx1)   two"});
  CHECK(introduction_of("root@esx1", "", " \n").empty());
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "y\n";
  CHECK(introduction_of("root@esx1", "", lines).size() < 20);
  CHECK(introduction_of("root@esx1", "", lines).back() == "(root@esx1) ...");
  CHECK(introduction_of("root@esx1", std::string(1 << 20, 'x'), {}).front().size() < 2000);
}
