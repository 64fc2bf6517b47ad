#include "storage/ssh_settings.h"

#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "log/log.h"
#include "storage/child_process.h"

namespace cbtctl::storage {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;

std::vector<std::string> words_of(std::string_view text, char separator = ' ') {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<unsigned> number_of(std::string_view text) {
  unsigned value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// As OpenSSH does it: by the password database, whatever HOME says.
std::string home_folder() {
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? std::string("/") : std::string(user->pw_dir);
}

std::string login_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? std::string("root") : std::string(user->pw_name);
}

std::string replaced(std::string_view text, const SshSettings& settings) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'h':
        out += settings.host_name;
        break;
      case 'n':
        out += settings.alias;
        break;
      case 'p':
        out += std::to_string(settings.port);
        break;
      case 'r':
        out += settings.user;
        break;
      case 'd':
        out += home_folder();
        break;
      case 'u':
        out += login_name();
        break;
      case '%':
        out += '%';
        break;
      default:
        out += '%';
        out += text[i];
    }
  }
  return out;
}

std::string file_path(const std::string& text, const SshSettings& settings) {
  const std::string path = text.starts_with("~/") ? home_folder() + text.substr(1) : text;
  return replaced(path, settings);
}

void complete_paths(SshSettings& settings) {
  for (auto* list : {&settings.identity_files, &settings.user_known_hosts, &settings.global_known_hosts}) {
    for (std::string& path : *list) path = file_path(path, settings);
  }
  settings.identity_agent = file_path(settings.identity_agent, settings);
}

void take_line(std::string_view key, std::string_view value, SshSettings& settings) {
  const auto text = [&] { return value == "none" ? std::string{} : std::string(value); };
  if (key == "host") settings.alias = value;
  if (key == "hostname") settings.host_name = value;
  if (key == "user") settings.user = value;
  if (key == "port") settings.port = number_of(value).value_or(22);
  if (key == "identityfile" && value != "none") settings.identity_files.emplace_back(value);
  if (key == "identitiesonly") settings.identities_only = value == "yes";
  if (key == "identityagent") settings.identity_agent = value == "SSH_AUTH_SOCK" ? std::string{} : std::string(value);
  if (key == "userknownhostsfile") settings.user_known_hosts = words_of(text());
  if (key == "globalknownhostsfile") settings.global_known_hosts = words_of(text());
  if (key == "hostkeyalias") settings.host_key_alias = text();
  if (key == "hashknownhosts") settings.hash_known_hosts = value == "yes";
  if (key == "proxycommand") settings.proxy_command = text();
  if (key == "proxyjump") settings.proxy_jump = text();
  if (key == "kexalgorithms") settings.algorithms.key_exchange = words_of(value, ',');
  if (key == "hostkeyalgorithms") settings.algorithms.host_key = words_of(value, ',');
  if (key == "ciphers") settings.algorithms.cipher = words_of(value, ',');
  if (key == "macs") settings.algorithms.mac = words_of(value, ',');
  if (key == "connecttimeout") settings.connect_limit_seconds = number_of(value);
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const std::size_t begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

bool is_plain(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:%@+=,";
  return !name.starts_with('-') && name.find_first_not_of(allowed) == std::string_view::npos;
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

SshSettings parse_ssh_settings(std::string_view text) {
  SshSettings settings;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos) take_line(line.substr(0, blank), line.substr(blank + 1), settings);
  }
  complete_paths(settings);
  return settings;
}

SshSettings default_ssh_settings(const Location& location) {
  SshSettings settings{.alias = location.host, .host_name = location.host, .user = location.user};
  settings.port = location.port.value_or(22);
  if (settings.user.empty()) settings.user = login_name();
  for (const char* name : {"id_ecdsa", "id_ed25519", "id_rsa"}) {
    settings.identity_files.push_back(home_folder() + "/.ssh/" + name);
  }
  settings.user_known_hosts = {home_folder() + "/.ssh/known_hosts", home_folder() + "/.ssh/known_hosts2"};
  settings.global_known_hosts = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};
  return settings;
}

std::string account_of(const SshSettings& settings) {
  return settings.user + "@" + settings.host_name + ":" + std::to_string(settings.port);
}

formats::core::Result<SshSettings> ask_ssh_settings(const Location& location, const std::string& config_file,
                                                    std::chrono::seconds limit) {
  std::vector<std::string> command{"ssh"};
  const auto add = [&](const char* option, const std::string& value) {
    command.emplace_back(option);
    command.push_back(value);
  };
  if (!config_file.empty()) add("-F", config_file);
  if (location.port) add("-p", std::to_string(*location.port));
  if (!location.user.empty()) add("-l", location.user);
  command.insert(command.end(), {"-G", "--", location.host});
  const auto ran = run_program(command, limit);
  if (!ran && ran.error().kind == ErrorKind::missing && config_file.empty()) {
    log::detail("no ssh program is installed: ssh_config is not read");
    return default_ssh_settings(location);
  }
  if (!ran) return ran.error().in("ssh -G " + location.host);
  if (ran->exit_status != 0) return Error{ErrorKind::usage, "ssh -G " + location.host + ": " + last_line(ran->errors)};
  SshSettings settings = parse_ssh_settings(ran->output);
  settings.alias = location.host;
  if (settings.host_name.empty()) settings.host_name = location.host;
  return settings;
}

formats::core::Result<std::string> expanded_proxy_command(const SshSettings& settings) {
  for (const std::string* name : {&settings.host_name, &settings.alias, &settings.user}) {
    if (!is_plain(*name)) return Error{ErrorKind::usage, "ProxyCommand: '" + *name + "' is no plain name"};
  }
  return replaced(settings.proxy_command, settings);
}

std::vector<std::string> jump_command(const SshSettings& settings, const std::string& config_file) {
  std::vector<std::string> command{"ssh"};
  if (!config_file.empty()) command.insert(command.end(), {"-F", config_file});
  const std::size_t comma = settings.proxy_jump.rfind(',');
  if (comma != std::string::npos) command.insert(command.end(), {"-J", settings.proxy_jump.substr(0, comma)});
  std::string last = comma == std::string::npos ? settings.proxy_jump : settings.proxy_jump.substr(comma + 1);
  if (!last.starts_with("ssh://")) last.insert(0, "ssh://");
  command.insert(command.end(),
                 {"-W", bracketed(settings.host_name) + ":" + std::to_string(settings.port), "--", last});
  return command;
}

}  // namespace cbtctl::storage
