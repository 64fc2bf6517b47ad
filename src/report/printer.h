// A report that may be longer than memory goes out in pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cbtctl::report {

// Takes the next piece of the report; false: it could not be written, and no more is made.
using TextSink = std::function<bool(std::string_view)>;

// Collects text and passes it on in pieces of 64 KiB. The last one waits for flush().
class Printer {
 public:
  explicit Printer(TextSink sink) : sink_(std::move(sink)) {}

  Printer& operator<<(std::string_view text) {
    text_ += text;
    if (text_.size() >= piece_bytes) flush();
    return *this;
  }
  Printer& operator<<(std::uint64_t number) { return *this << digits(number); }
  // Right-aligned.
  void number(std::uint64_t number, std::size_t width);

  bool flush();  // whether all could be written so far
  [[nodiscard]] bool goes_on() const { return written_; }

 private:
  static constexpr std::size_t piece_bytes = std::size_t{64} << 10;

  [[nodiscard]] std::string_view digits(std::uint64_t number);

  TextSink sink_;
  std::string text_;
  std::array<char, 20> digits_{};
  bool written_ = true;
};

}  // namespace cbtctl::report
