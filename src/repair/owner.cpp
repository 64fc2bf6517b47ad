#include "repair/owner.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>

#include "formats/core/fnv.h"

namespace cbtctl::repair {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string link_target(const char* path) {
  std::array<char, 64> target{};
  const ssize_t length = ::readlink(path, target.data(), target.size() - 1);
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

std::string user_name() {
  const char* user = std::getenv("USER");
  return user != nullptr && *user != '\0' ? user : "uid " + std::to_string(::geteuid());
}

// Field 22 of /proc/PID/stat; the second, the command's name in brackets, may hold blanks. 0: there is no such process,
// or it cannot be read.
std::int64_t start_of(std::int64_t process) {
  const std::string stat = first_line("/proc/" + std::to_string(process) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(stat.substr(name_end + 1));
  constexpr int fields_before = 19;
  std::string skipped;
  for (int i = 0; i < fields_before; ++i) rest >> skipped;
  std::int64_t start = 0;
  rest >> start;
  return start;
}

// Tells machines apart.
unsigned hash(const std::string& text) { return formats::core::fnv1a<std::uint32_t>(text); }

struct Token {
  std::uint64_t process = 0;
  std::uint64_t started = 0;  // 0: not known
  std::uint32_t machine = 0;
  std::uint32_t boot = 0;
  std::uint32_t space = 0;
};

// The number up to the next '-', which goes with it, or up to the end; false where there is none, or it does not fit.
template <typename Number>
bool take_number(std::string_view& text, Number& number, bool is_last) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (is_last) return text.empty();
  if (!text.starts_with('-')) return false;
  text.remove_prefix(1);
  return true;
}

// A name on a datastore may be anybody's: what is no token is nothing.
std::optional<Token> token_from(std::string_view text) {
  Token token;
  const bool is_whole = take_number(text, token.process, false) && take_number(text, token.started, false) &&
                        take_number(text, token.machine, false) && take_number(text, token.boot, false) &&
                        take_number(text, token.space, true);
  if (!is_whole || token.process == 0 || token.process > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return token;
}

bool is_gone(std::uint64_t process) { return ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH; }

}  // namespace

Owner this_owner() {
  return {.user = user_name(),
          .host = host_name(),
          .machine = first_line("/etc/machine-id"),
          .boot = first_line("/proc/sys/kernel/random/boot_id"),
          .process_space = link_target("/proc/self/ns/pid"),
          .process = ::getpid(),
          .started = start_of(::getpid()),
          .since = time_now()};
}

std::string time_now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

std::string token_of(const Owner& owner) {
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%llx-%llx-%08x-%08x-%08x", static_cast<unsigned long long>(owner.process),
                static_cast<unsigned long long>(owner.started), hash(owner.host + '/' + owner.machine),
                hash(owner.boot), hash(owner.process_space));
  return text.data();
}

bool is_token(const std::string& text) { return token_from(text).has_value(); }

std::int64_t process_of(const std::string& token) {
  const auto parts = token_from(token);
  return parts ? static_cast<std::int64_t>(parts->process) : 0;
}

// One machine may have many boots at once: a clone has its original's id, a container its host's. A process whose start
// cannot be read, here or there, is told by kill(2) alone, and only where it is gone.
Life life_of(const std::string& token) {
  const auto there = token_from(token);
  const auto here = token_from(token_of(this_owner()));
  if (!there || !here || there->machine != here->machine) return Life::cannot_tell;
  if (there->boot != here->boot || there->space != here->space) return Life::cannot_tell;
  if (is_gone(there->process)) return Life::dead;
  const auto started = static_cast<std::uint64_t>(start_of(static_cast<std::int64_t>(there->process)));
  if (started == 0 || there->started == 0) return Life::cannot_tell;
  return started == there->started ? Life::alive : Life::dead;
}

std::string described(const Owner& owner) {
  return owner.user + "@" + owner.host + ", process " + std::to_string(owner.process) + ", since " + owner.since;
}

}  // namespace cbtctl::repair
