// A JSON document that may be longer than memory, written as it is made; as printed(), but each row of a long array
// takes one line.
#pragma once

#include <cassert>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "report/json_value.h"
#include "report/printer.h"

namespace cbtctl::report {

class JsonStream {
 public:
  explicit JsonStream(Printer& out) : out_(out) {}

  void begin_object();  // the document, or an element of an array
  void end_object();
  void member(std::string_view name, const Json& value);
  void members(const Json& object);
  void begin_array(std::string_view name);
  void element(const Json& value);
  void end_array();

  // An array of objects that all have these members, numbers and texts.
  void begin_rows(std::string_view name, std::initializer_list<std::string_view> fields);
  template <typename... Values>
  void row(const Values&... values) {
    assert(sizeof...(values) == row_parts_.size());
    begin_line();
    std::size_t field = 0;
    ((out_ << row_parts_[field++], put(values)), ...);
    out_ << "}";
  }
  void end_rows() { end_array(); }

 private:
  void begin_line();
  void begin_member(std::string_view name);
  void open(char bracket);
  void close(char bracket);
  template <std::unsigned_integral Number>
  void put(Number number) {
    out_ << std::uint64_t{number};
  }
  void put(std::string_view text);

  Printer& out_;
  std::vector<bool> has_lines_;         // of each level that is open
  std::string line_break_;              // and the indentation of the innermost level
  std::vector<std::string> row_parts_;  // what stands before each value of a row
};

}  // namespace cbtctl::report
