// Options as a verb declares them, and what a command line gave for them.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/core/result.h"

namespace cbtctl::cli {

using OptionValue = std::variant<std::monostate, std::string, std::vector<std::string>, unsigned, std::size_t, int>;

struct Option {
  enum class Kind { flag, text, texts, number, size, integer };
  std::string name;  // "output,o": also -o
  Kind kind = Kind::flag;
  std::string description;
  OptionValue default_value;  // of the kind; or none
};

class Options {
 public:
  explicit Options(std::string title) : title_(std::move(title)) {}

  void flag(std::string name, std::string description);
  void text(std::string name, std::string description, std::optional<std::string> default_value = std::nullopt);
  void texts(std::string name, std::string description);  // may come more than once
  void number(std::string name, std::string description, std::optional<unsigned> default_value = std::nullopt);
  void size(std::string name, std::string description, std::size_t default_value);
  void integer(std::string name, std::string description);

  [[nodiscard]] const std::string& title() const { return title_; }
  [[nodiscard]] const std::vector<Option>& all() const { return all_; }

 private:
  std::string title_;
  std::vector<Option> all_;
};

// By the options' long names. A value is asked for by the kind that it was declared with.
class OptionValues {
 public:
  void set(const std::string& name, OptionValue value) { values_[name] = std::move(value); }
  // Given, or with a default.
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  [[nodiscard]] const std::string& text(const std::string& name) const { return get<std::string>(name); }
  [[nodiscard]] std::vector<std::string> list(const std::string& name) const;  // empty where it was not given
  [[nodiscard]] unsigned number(const std::string& name) const { return get<unsigned>(name); }
  [[nodiscard]] std::size_t size(const std::string& name) const { return get<std::size_t>(name); }
  [[nodiscard]] int integer(const std::string& name) const { return get<int>(name); }

 private:
  template <typename T>
  [[nodiscard]] const T& get(const std::string& name) const {
    return std::get<T>(values_.at(name));
  }

  std::map<std::string, OptionValue> values_;
};

// What is no option is in the list "argument". The error says what is wrong with the line.
[[nodiscard]] formats::core::Result<OptionValues> parse_options(const std::vector<std::string>& arguments,
                                                                const Options& own, const Options& common);

// The title, and each option with its description.
[[nodiscard]] std::string help_text(const Options& options);

}  // namespace cbtctl::cli
