#include "storage/ssh_answers.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using namespace cbtctl::storage;

namespace {

// A person who types these, one after another, and what they were asked.
struct Person {
  explicit Person(std::vector<std::string> answers) : typed(std::move(answers)) {}
  SshSecrets secrets(const std::string& password = {}) {
    SshSecrets secrets;
    if (!password.empty()) secrets.password = std::make_shared<SshPassword>(Secret(password));
    secrets.person = [this](const std::string& question, bool) -> std::optional<Secret> {
      asked.push_back(question);
      if (asked.size() > typed.size()) return std::nullopt;
      return Secret(typed[asked.size() - 1]);
    };
    return secrets;
  }
  std::vector<std::string> typed;
  std::vector<std::string> asked;
};

std::string text_of(const std::optional<Secret>& secret) { return secret ? std::string(secret->text()) : "nothing"; }

struct Login {
  explicit Login(SshSecrets given, const std::string& host = "root@10.0.0.1:22")
      : secrets(std::move(given)), answers(secrets, "root@esx", host, [](auto) {}) {
    answers.begin_method();
  }
  std::string answer(const std::string& prompt) { return text_of(answers.answer(prompt, false)); }
  SshSecrets secrets;
  SshAnswers answers;
};

}  // namespace

TEST_CASE("a person is asked three times, the second and third before the attempt begins") {
  Person person({"one", "two", "three", "four"});
  Login login(person.secrets());
  for (const char* typed : {"one", "two", "three"}) {
    REQUIRE(login.answers.begin_attempt());
    CHECK(person.asked.size() == (std::string(typed) == "one" ? 0 : std::string(typed) == "two" ? 2 : 3));
    CHECK(login.answer("Password: ") == typed);
  }
  CHECK_FALSE(login.answers.begin_attempt());
  CHECK(person.asked == std::vector<std::string>{"(root@esx) Password: ", "Not accepted. (root@esx) Password: ",
                                                 "Not accepted. (root@esx) Password: "});
}

TEST_CASE("what was typed for one prompt is no answer to another") {
  Person person({"one", "two", "code"});
  Login login(person.secrets());
  REQUIRE(login.answers.begin_attempt());
  CHECK(login.answer("Password: ") == "one");
  REQUIRE(login.answers.begin_attempt());
  CHECK(login.answer("One-time code: ") == "code");
  CHECK(person.asked.back() == "(root@esx) One-time code: ");
}

TEST_CASE("the given password is told once, whatever method and attempt") {
  Person person({});
  Login login(person.secrets("given"));
  REQUIRE(login.answers.begin_attempt());
  CHECK(login.answer("Password: ") == "given");
  CHECK_FALSE(login.answers.begin_attempt());
  CHECK(login.answers.is_over());
  login.answers.begin_method();
  REQUIRE(login.answers.begin_attempt());
  CHECK(login.answer("Password: ") == "nothing");
  CHECK(person.asked.size() == 1);
}

TEST_CASE("a host that refused the given password is not told it again, another host is") {
  const auto password = std::make_shared<SshPassword>(Secret("given"));
  const SshSecrets secrets{.password = password, .person = {}, .passphrase = {}};
  {
    Login first(secrets);
    REQUIRE(first.answers.begin_attempt());
    CHECK(first.answer("Password: ") == "given");
    first.answers.end_round();
    first.answers.note_failure(true);
  }
  Login again(secrets);
  CHECK_FALSE(again.answers.begin_attempt());
  CHECK(again.answers.trouble() == "the password was not accepted");
  Login other(secrets, "root@10.0.0.2:22");
  REQUIRE(other.answers.begin_attempt());
  CHECK(other.answer("Password: ") == "given");
}

TEST_CASE("why a host is not told the given password again is what became of it") {
  const SshSecrets secrets{.password = std::make_shared<SshPassword>(Secret("given")), .person = {}, .passphrase = {}};
  const auto fails = [&](const std::string& host, bool was_told, const std::string& asked_next, bool was_heard) {
    Login login(secrets, host);
    REQUIRE(login.answers.begin_attempt());
    CHECK(login.answer("Password: ") == "given");
    if (was_told) login.answers.end_round();
    if (!asked_next.empty()) CHECK(login.answer(asked_next) == "nothing");
    login.answers.note_failure(was_heard);
  };
  fails("silent", true, {}, false);
  CHECK(Login(secrets, "silent").answers.reason() == "the host did not answer the password, and is not told it again");
  fails("asks", true, "New password: ", true);
  CHECK(Login(secrets, "asks").answers.reason() ==
        "the host asked 'New password:' after the password, and is not told it again");
  fails("refuses", true, {}, true);
  CHECK(Login(secrets, "refuses").answers.reason() == "the password was not accepted");
  fails("asks at once", false, "One-time code: ", true);
  CHECK(Login(secrets, "asks at once").answers.begin_attempt());
}

TEST_CASE("what a host says before its questions is shown some times, and counts as no time of the host") {
  std::vector<std::vector<std::string>> shown;
  SshSecrets secrets;
  secrets.tell = [&](const std::vector<std::string>& lines) { shown.push_back(lines); };
  unsigned waits = 0;
  SshAnswers answers(secrets, "root@esx", "host", [&](auto) { ++waits; });
  answers.introduce("", " \r\n");
  CHECK(shown.empty());
  for (int i = 0; i < 1000; ++i) answers.introduce("Service", "Read this");
  CHECK(shown.front() == std::vector<std::string>{"(root@esx) Service", "(root@esx) Read this"});
  CHECK(shown.size() == waits);
  CHECK(shown.size() < 50);
}

TEST_CASE("logins to one host at the same time wait for what becomes of the first") {
  const auto password = std::make_shared<SshPassword>(Secret("given"));
  const SshSecrets secrets{.password = password, .person = {}, .passphrase = {}};
  std::atomic<int> told{0};
  const auto log_in = [&] {
    Login login(secrets);
    if (!login.answers.begin_attempt()) return;
    if (login.answer("Password: ") == "given") ++told;
    login.answers.end_round();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    login.answers.note_failure(false);
  };
  std::vector<std::future<void>> logins;
  for (int i = 0; i < 8; ++i) logins.push_back(std::async(std::launch::async, log_in));
  for (auto& login : logins) login.get();
  CHECK(told == 1);
}

TEST_CASE("where nobody answers, nothing else is tried") {
  Login login({});
  REQUIRE(login.answers.begin_attempt());
  CHECK(login.answer("Password: ") == "nothing");
  CHECK(login.answers.trouble() == "no password was given for 'Password:'");
  CHECK(login.answers.is_over());
}
