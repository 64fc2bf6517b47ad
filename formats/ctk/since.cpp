#include "formats/ctk/since.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace formats::ctk {
namespace {

struct Since {
  std::uint64_t epoch = 0;
  std::optional<std::string> uuid;  // as bare hex digits
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The hex digits in lower case, without blanks and dashes; nothing where there are other characters.
std::optional<std::string> bare_hex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (is_digit(c) || (c >= 'a' && c <= 'f'))
      out.push_back(c);
    else if (c >= 'A' && c <= 'F')
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    else
      return std::nullopt;
  }
  return out;
}

// One that is too long to be held is later than every epoch all the same.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} ? value : std::numeric_limits<std::uint64_t>::max();
}

std::optional<Since> decode_since(std::string_view text) {
  if (text == "*") return Since{};
  const std::size_t slash = text.find('/');
  const auto epoch = number(slash == std::string_view::npos ? text : text.substr(slash + 1));
  if (!epoch) return std::nullopt;
  if (slash == std::string_view::npos) return Since{*epoch, {}};
  auto uuid = bare_hex(text.substr(0, slash));
  if (!uuid || uuid->size() != 32) return std::nullopt;
  return Since{*epoch, std::move(uuid)};
}

bool has_uuid(const Reading& header, const std::string& bare) {
  const auto uuid = header.uuid_text();
  return uuid && bare_hex(*uuid) == bare;
}

core::Error no_since(std::string_view text) {
  return {core::ErrorKind::usage,
          "--since takes a change id, an epoch number or '*', found '" + std::string(text) + "'"};
}

core::Error other_uuid(const Reading& header) {
  return {core::ErrorKind::unsupported, "the change id has another UUID than the file, " +
                                            header.uuid_text().value_or("which has none") + ": tracking was restarted"};
}

core::Error from_the_future(const Reading& header, std::string_view text) {
  const std::string at = header.epoch ? "epoch " + std::to_string(*header.epoch)
                                      : "an epoch of which no more is known than that it is at least " +
                                            std::to_string(*header.epoch_at_least);
  return {core::ErrorKind::unsupported, "is at " + at + ", older than --since " + std::string(text) +
                                            ": the file was rolled back or is another one, and cannot answer"};
}

}  // namespace

core::Status check_since(std::string_view text) {
  return decode_since(text) ? core::success() : core::Status(no_since(text));
}

core::Result<std::uint32_t> parse_since(const Reading& header, std::string_view text) {
  const auto since = decode_since(text);
  if (!since) return no_since(text);
  if (since->uuid && !has_uuid(header, *since->uuid)) return other_uuid(header);
  const auto newest = header.epoch ? header.epoch : header.epoch_at_least;
  if (newest && since->epoch > *newest) return from_the_future(header, text);
  if (since->epoch > std::numeric_limits<std::uint32_t>::max()) {
    return core::Error{core::ErrorKind::unsupported, "--since " + std::string(text) + " is no epoch of any CTK file"};
  }
  return static_cast<std::uint32_t>(since->epoch);
}

}  // namespace formats::ctk
