// The only file of the room that knows nlohmann-json. It tells of each value as it meets it; a whole document of its
// own beside ours would take twice the memory.
#include <nlohmann/json.hpp>

#include "report/json_value.h"

namespace cbtctl::report {
namespace {

// What nlohmann's sax_parse calls; false ends it.
class JsonBuilder {
 public:
  [[nodiscard]] Json take() { return std::move(root_); }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t number) { return add(number); }
  bool number_unsigned(std::uint64_t number) { return add(number); }
  bool number_float(double, const std::string&) { return add(nullptr); }  // none of our documents has one
  bool string(std::string& text) { return add(text); }
  bool binary(std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool key(std::string& name) {
    names_.back() = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) { return false; }

 private:
  static constexpr std::size_t most_levels = 1000;

  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json empty) {
    if (open_.size() == most_levels) return false;
    open_.push_back(&place(std::move(empty)));
    names_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }
  // What is open stays where it is: an array grows only once what was opened in it is closed.
  Json& place(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    Json& parent = *open_.back();
    if (parent.members() != nullptr) return parent[names_.back()] = std::move(value);
    parent.push_back(std::move(value));
    return parent[parent.elements()->size() - 1];
  }

  Json root_;
  std::vector<Json*> open_;
  std::vector<std::string> names_;  // for each that is open: of the member that comes next
};

}  // namespace

std::optional<Json> parse_json(std::string_view text) {
  JsonBuilder builder;
  if (!nlohmann::json::sax_parse(text, &builder)) return std::nullopt;
  return builder.take();
}

}  // namespace cbtctl::report
