#include "host/locks.h"

#include <algorithm>
#include <array>

#include "formats/core/ascii.h"
#include "host/scripts.h"
#include "host/word.h"

namespace cbtctl::host {
namespace {

constexpr std::size_t address_digits = 12;

bool is_hex(std::string_view text) { return std::all_of(text.begin(), text.end(), formats::core::is_lower_hex_digit); }

// "5630b2a6-c21df93e-32f1-e41f13b64614" -> "e4:1f:13:b6:46:14": an owner ends in its host's MAC address.
std::string address_of(std::string_view owner) {
  if (owner.size() < address_digits) return {};
  const std::string_view digits = owner.substr(owner.size() - address_digits);
  if (!is_hex(digits) || digits.find_first_not_of('0') == std::string_view::npos) return {};
  std::string address;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    if (i != 0) address.push_back(':');
    address.append(digits.substr(i, 2));
  }
  return address;
}

std::string_view word_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find_first_of(" ,\n]"));
}

void add_owner(Lock& lock, std::string address) {
  if (!address.empty()) lock.owners.push_back(std::move(address));
}

// Lock [type 10c00001 offset 268500992 v 22420, hb offset 3293184
// gen 223, mode 1, owner 00000000-00000000-0000-005056aabbcc mtime 19999110
std::optional<Lock> from_metadata(std::string_view text) {
  const std::size_t begin = text.find("Lock [type ");
  const std::size_t end = begin == std::string_view::npos ? begin : text.find(']', begin);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view block = text.substr(begin, end - begin);
  const std::string_view mode = word_after(block, ", mode ");
  if (mode.size() != 1 || mode[0] < '0' || mode[0] > '3') return std::nullopt;
  Lock lock{.mode = static_cast<LockMode>(mode[0] - '0'), .owners = {}, .source = {}};
  add_owner(lock, address_of(word_after(block, "owner ")));
  for (const std::string_view line : lines_of(text.substr(end))) {
    if (line.starts_with("RO Owner[")) add_owner(lock, address_of(line.substr(line.rfind(' ') + 1)));
  }
  return lock;
}

// "x-flat.vmdk" is locked in Exclusive mode by host having mac address ['aa:bb:cc:dd:ee:ff']
std::optional<Lock> from_owners(std::string_view text) {
  struct Row {
    std::string_view words;
    LockMode mode;
  };
  constexpr std::array rows{Row{"\" is not locked by any ESX host", LockMode::free},
                            Row{"\" is locked in Exclusive mode by ", LockMode::exclusive},
                            Row{"\" is locked in Read-Only mode by ", LockMode::read_only},
                            Row{"\" is locked in Multi-writer mode by ", LockMode::multi_writer}};
  for (const Row& row : rows) {
    const std::size_t at = text.rfind(row.words);
    if (at == std::string_view::npos) continue;
    Lock lock{.mode = row.mode, .owners = {}, .source = {}};
    const std::string_view rest = text.substr(at);
    for (std::size_t quote = rest.find('\''); quote != std::string_view::npos;) {
      const std::size_t close = rest.find('\'', quote + 1);
      if (close == std::string_view::npos) break;
      add_owner(lock, std::string(rest.substr(quote + 1, close - quote - 1)));
      quote = rest.find('\'', close + 1);
    }
    return lock;
  }
  return std::nullopt;
}

// The words of a command that failed, or that printed what is not understood, may still say that somebody holds the
// file. Whoever asks must not take it for free.
Error not_told(Error error) {
  if (error.message.find(" is locked ") != std::string::npos) error.kind = ErrorKind::in_use;
  return error;
}

}  // namespace

Result<Lock> parse_lock(const Answer& answer) {
  if (auto failure = failure_of(answer)) return not_told(std::move(*failure));
  auto lock = from_metadata(answer.text);
  if (!lock) lock = from_owners(answer.text);
  if (!lock) return not_told(unknown_form(answer));
  lock->source = answer.source;
  return std::move(*lock);
}

// "lock" begins a file; "lock-owner" stands in for it.
Result<std::vector<Result<Lock>>> locks_in(const std::vector<Answer>& answers, std::size_t count) {
  std::vector<Result<Lock>> locks;
  for (const Answer& answer : answers) {
    if (answer.name == "lock") {
      locks.push_back(parse_lock(answer));
    } else if (answer.name == "lock-owner" && !locks.empty()) {
      locks.back() = parse_lock(answer);
    }
  }
  if (locks.size() == count) return locks;
  return Error{ErrorKind::malformed, "the host told the locks of " + std::to_string(locks.size()) +
                                         " files, expected " + std::to_string(count)};
}

Result<std::vector<Result<Lock>>> ask_locks(storage::Commands& commands, const std::vector<std::string>& paths) {
  if (paths.empty()) return std::vector<Result<Lock>>{};
  const std::string word = framing_word();
  std::vector<std::string> arguments;
  for (const std::string& path : paths) arguments.push_back(word + path);
  const auto output = commands.run(locks_script, std::move(arguments)).get();
  if (!output) return output.error();
  const auto answers = split_answers(*output, word);
  if (!answers) return answers.error();
  return locks_in(*answers, paths.size());
}

}  // namespace cbtctl::host
