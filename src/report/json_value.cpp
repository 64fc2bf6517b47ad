#include "report/json_value.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "formats/core/utf8.h"

namespace cbtctl::report {
namespace {

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void begin_line(std::string& out, bool is_first, std::size_t depth) {
  out += is_first ? "\n" : ",\n";
  out.append(2 * depth, ' ');
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view plain = "\b\t\n\f\r\"\\";
  constexpr std::string_view letters = "btnfr\"\\";
  constexpr std::string_view digits = "0123456789abcdef";
  out += '\\';
  if (const std::size_t at = plain.find(c); at != std::string_view::npos) {
    out += letters[at];
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "u00";
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

// Prints whatever a value may hold.
struct ValuePrinter {
  std::string& out;
  std::size_t depth;

  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::uint64_t number) const { append_number(out, number); }
  void operator()(std::int64_t number) const { append_number(out, number); }
  void operator()(const std::string& text) const { append_quoted(out, text); }

  void operator()(const Json::Array& elements) const {
    out += '[';
    for (const Json& element : elements) {
      begin_line(out, &element == elements.data(), depth + 1);
      element.append_to(out, depth + 1);
    }
    end(elements.empty(), ']');
  }

  void operator()(const Json::Object& members) const {
    out += '{';
    for (const Json::Member& member : members) {
      begin_line(out, &member == members.data(), depth + 1);
      append_quoted(out, member.name);
      out += ": ";
      member.value.append_to(out, depth + 1);
    }
    end(members.empty(), '}');
  }

  void end(bool is_empty, char bracket) const {
    if (!is_empty) begin_line(out, true, depth);
    out += bracket;
  }
};

}  // namespace

Json::Json() = default;

Json::Json(std::nullptr_t) {}

Json::Json(const std::string& text) : Json(std::string_view(text)) {}

Json::Json(const char* text) : Json(std::string_view(text)) {}

Json::Json(std::string_view text) : value_(formats::core::lossy_utf8(text)) {}

Json::Json(std::initializer_list<Member> members) : value_(Object(members)) {}

Json Json::array() { return Json(Array{}); }

Json Json::object() { return Json(std::initializer_list<Member>{}); }

Json& Json::operator[](std::string_view name) {
  if (is_null()) value_ = Object{};
  auto& members = std::get<Object>(value_);
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& each) { return each.name == name; });
  if (found != members.end()) return found->value;
  return members.emplace_back(Member{formats::core::lossy_utf8(name), {}}).value;
}

Json& Json::operator[](std::size_t index) { return std::get<Array>(value_)[index]; }

void Json::push_back(Json element) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(element));
}

void Json::add_members(const Json& object) {
  for (const Member& member : std::get<Object>(object.value_)) (*this)[member.name] = member.value;
}

void Json::erase(std::string_view name) {
  std::erase_if(std::get<Object>(value_), [&](const Member& member) { return member.name == name; });
}

std::optional<std::uint64_t> Json::number() const {
  const auto* number = std::get_if<std::uint64_t>(&value_);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}

const Json* Json::find(std::string_view name) const {
  const Object* all = members();
  if (all == nullptr) return nullptr;
  const auto found = std::find_if(all->begin(), all->end(), [&](const auto& each) { return each.name == name; });
  return found != all->end() ? &found->value : nullptr;
}

void Json::append_to(std::string& out, std::size_t depth) const { std::visit(ValuePrinter{out, depth}, value_); }

void append_quoted(std::string& out, std::string_view utf8) {
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
  out += '"';
  while (!utf8.empty()) {
    const auto end = std::find_if_not(utf8.begin(), utf8.end(), is_plain);
    const auto length = static_cast<std::size_t>(end - utf8.begin());
    out.append(utf8.substr(0, length));
    if (length < utf8.size()) append_escaped(out, utf8[length]);
    utf8.remove_prefix(std::min(length + 1, utf8.size()));
  }
  out += '"';
}

}  // namespace cbtctl::report
