#include "report/json_stream.h"

#include "formats/core/utf8.h"

namespace cbtctl::report {
namespace {

std::string text_of(const Json& value, std::size_t depth) {
  std::string text;
  value.append_to(text, depth);
  return text;
}

}  // namespace

void JsonStream::begin_object() {
  if (!has_lines_.empty()) begin_line();
  open('{');
}

void JsonStream::end_object() {
  close('}');
  if (has_lines_.empty()) out_ << "\n";
}

void JsonStream::member(std::string_view name, const Json& value) {
  begin_member(name);
  out_ << text_of(value, has_lines_.size());
}

void JsonStream::members(const Json& object) {
  for (const Json::Member& each : *object.members()) member(each.name, each.value);
}

void JsonStream::begin_array(std::string_view name) {
  begin_member(name);
  open('[');
}

void JsonStream::element(const Json& value) {
  begin_line();
  out_ << text_of(value, has_lines_.size());
}

void JsonStream::end_array() { close(']'); }

void JsonStream::begin_rows(std::string_view name, std::initializer_list<std::string_view> fields) {
  begin_array(name);
  row_parts_.clear();
  for (const std::string_view field : fields) {
    std::string& part = row_parts_.emplace_back(row_parts_.empty() ? "{" : ", ");
    append_quoted(part, field);
    part += ": ";
  }
}

void JsonStream::begin_line() {
  if (has_lines_.back()) out_ << ",";
  has_lines_.back() = true;
  out_ << line_break_;
}

void JsonStream::begin_member(std::string_view name) {
  begin_line();
  std::string text;
  append_quoted(text, name);
  out_ << text << ": ";
}

void JsonStream::open(char bracket) {
  out_ << std::string_view(&bracket, 1);
  has_lines_.push_back(false);
  line_break_ = "\n" + std::string(2 * has_lines_.size(), ' ');
}

void JsonStream::close(char bracket) {
  const bool is_empty = !has_lines_.back();
  has_lines_.pop_back();
  line_break_ = "\n" + std::string(2 * has_lines_.size(), ' ');
  if (!is_empty) out_ << line_break_;
  out_ << std::string_view(&bracket, 1);
}

void JsonStream::put(std::string_view text) {
  std::string quoted;
  append_quoted(quoted, formats::core::lossy_utf8(text));
  out_ << quoted;
}

}  // namespace cbtctl::report
