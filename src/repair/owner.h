// Who is at work: a process, told apart from every other one on every machine.
#pragma once

#include <cstdint>
#include <string>

namespace cbtctl::repair {

struct Owner {
  std::string user;
  std::string host;
  std::string machine;        // its own id, since many are called "localhost"
  std::string boot;           // differs after every start of the machine
  std::string process_space;  // in which processes have their numbers; containers have their own
  std::int64_t process = 0;
  std::int64_t started = 0;  // of the process, in ticks since the machine's start; 0: not known
  std::string since;         // RFC 3339
};

[[nodiscard]] Owner this_owner();

// The same in a short word that a file's name can hold; letters, digits and '-'.
[[nodiscard]] std::string token_of(const Owner& owner);
[[nodiscard]] bool is_token(const std::string& text);
[[nodiscard]] std::int64_t process_of(const std::string& token);  // 0: it is no token

enum class Life { alive, dead, cannot_tell };
// `cannot_tell` of a process on another machine, under another boot, in another container, or whose start is not known.
[[nodiscard]] Life life_of(const std::string& token);

[[nodiscard]] std::string time_now();  // RFC 3339, UTC

// "root@esx-admin, process 4711, since 2026-01-31T09:30:00Z"
[[nodiscard]] std::string described(const Owner& owner);

}  // namespace cbtctl::repair
