// A JSON value: built member by member and printed, or read from a text.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cbtctl::report {

// Every text in it is UTF-8: of bytes that are none it has U+FFFD.
class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;  // in the order in which they were set first

  // What can be a member's value converts without a word: `object["size"] = size`.
  // NOLINTBEGIN(google-explicit-constructor)
  Json();  // null
  Json(std::nullptr_t);
  template <std::integral Number>
  Json(Number number);
  Json(std::string_view text);
  Json(const std::string& text);
  Json(const char* text);
  template <typename Element>
  Json(const std::vector<Element>& list);
  Json(std::initializer_list<Member> members);  // an object. NOLINTEND(google-explicit-constructor)

  [[nodiscard]] static Json array();
  [[nodiscard]] static Json object();

  // Null becomes what is added to; anything else must be an object, or an array.
  Json& operator[](std::string_view name);  // null where it is new
  Json& operator[](std::size_t index);
  void push_back(Json element);
  void add_members(const Json& object);
  void erase(std::string_view name);

  // Null pointers and nothing where it is of another kind.
  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] std::optional<std::uint64_t> number() const;  // that is not negative
  [[nodiscard]] const Array* elements() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* members() const { return std::get_if<Object>(&value_); }
  [[nodiscard]] const Json* find(std::string_view name) const;

  // Indented by two; `depth` levels are open around it.
  void append_to(std::string& out, std::size_t depth = 0) const;

 private:
  using Value = std::variant<std::monostate, bool, std::uint64_t, std::int64_t, std::string, Array, Object>;

  template <typename Number>
  static auto widened(Number number) {
    if constexpr (std::same_as<Number, bool>) {
      return number;
    } else if constexpr (std::signed_integral<Number>) {
      return std::int64_t{number};
    } else {
      return std::uint64_t{number};
    }
  }

  Value value_;
};

struct Json::Member {
  std::string name;
  Json value;
};

// Only here, where a member is whole, can a value be made.
template <std::integral Number>
Json::Json(Number number) : value_(widened(number)) {}
template <typename Element>
Json::Json(const std::vector<Element>& list) : value_(Array(list.begin(), list.end())) {}

// As it stands in a document, between quotation marks.
void append_quoted(std::string& out, std::string_view utf8);

// Nothing where the text is no JSON, or nested deeper than any of our documents.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);

}  // namespace cbtctl::report
