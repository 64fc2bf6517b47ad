#include "report/printer.h"

#include <algorithm>
#include <charconv>

namespace cbtctl::report {

void Printer::number(std::uint64_t number, std::size_t width) {
  const std::string_view text = digits(number);
  text_.append(width - std::min(width, text.size()), ' ');
  *this << text;
}

bool Printer::flush() {
  written_ = written_ && sink_(text_);
  text_.clear();
  return written_;
}

std::string_view Printer::digits(std::uint64_t number) {
  const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
  return {digits_.data(), static_cast<std::size_t>(end - digits_.data())};
}

}  // namespace cbtctl::report
