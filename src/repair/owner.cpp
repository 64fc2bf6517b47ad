#include "repair/owner.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <vector>

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

// Field 22 of /proc/PID/stat; the second, the command's name in brackets, may hold blanks. 0: there is no such process.
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

// Of a token: process, its start, machine, boot, process space; nothing where it is none.
constexpr std::size_t token_parts = 5;
std::vector<std::string> parts_of(const std::string& token) {
  std::vector<std::string> parts;
  std::istringstream text(token);
  for (std::string part; std::getline(text, part, '-');) {
    if (part.empty() || part.find_first_not_of("0123456789abcdef") != std::string::npos) return {};
    parts.push_back(part);
  }
  return parts;
}

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

bool is_token(const std::string& text) { return parts_of(text).size() == token_parts; }

Life life_of(const std::string& token) {
  const auto there = parts_of(token);
  const auto here = parts_of(token_of(this_owner()));
  if (there.size() != token_parts || there[2] != here[2]) return Life::cannot_tell;
  if (there[3] != here[3]) return Life::dead;  // the machine was started since
  if (there[4] != here[4]) return Life::cannot_tell;
  const auto started = start_of(std::strtoll(there[0].c_str(), nullptr, 16));
  return started == std::strtoll(there[1].c_str(), nullptr, 16) ? Life::alive : Life::dead;
}

std::string described(const Owner& owner) {
  return owner.user + "@" + owner.host + ", process " + std::to_string(owner.process) + ", since " + owner.since;
}

}  // namespace cbtctl::repair
