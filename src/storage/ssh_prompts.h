// Who answers what a host asks by keyboard-interactive (RFC 4256). A host may ask for anything, as often as it likes,
// and call it what it likes: a password that was given beforehand is the answer to one prompt and to no other.
#pragma once

#include <string>
#include <vector>

namespace cbtctl::storage {

struct SshPrompt {
  unsigned round = 0;         // of those in which the host asks anything, within one attempt
  std::string text;           // as the host sent it
  bool shows_answer = false;  // the answer may be seen while it is typed
};

struct SshAnswerers {
  bool has_password = false;      // one was given beforehand
  bool is_password_used = false;  // and told to this host already
  bool has_person = false;        // somebody sits at the terminal
};

struct PromptDecision {
  enum class By { given_password, person, nobody };
  By by = By::nobody;  // answers
  std::string reason;  // why nobody does
};

// The given password is for the first hidden prompt of the first round, once a host; all else is for a person.
[[nodiscard]] PromptDecision decide_prompt(const SshPrompt& prompt, const SshAnswerers& answerers);

// The prompt as a person is asked it: "(root@esx1) Password: ".
[[nodiscard]] std::string question_of(const std::string& who, const std::string& prompt);

// What a host says before its questions, line by line as a person is shown it; neither long nor many lines.
[[nodiscard]] std::vector<std::string> introduction_of(const std::string& who, const std::string& name,
                                                       const std::string& text);

// For a message, in quotes, without the blanks that a prompt ends with: "'Password:'".
[[nodiscard]] std::string quoted_prompt(const std::string& prompt);

}  // namespace cbtctl::storage
