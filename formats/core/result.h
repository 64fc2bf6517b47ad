// What a function that can fail returns: a value, or an Error that says why the work could not be done.
// An Error is never a verdict on the user's data (that is a Defect or a Finding), save that bytes too wrong to
// decode come back as `malformed` or `truncated`.
#pragma once

#include <cassert>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace formats::core {

enum class ErrorKind {
  missing,      // there is no such file
  denied,       // permission refused
  in_use,       // held by a running virtual machine or another process
  unavailable,  // the bytes could not be obtained: I/O error, connection lost, time limit
  outside,      // the path leads out of the targets
  changed,      // the file changed while it was read
  truncated,    // the bytes end before the structure does
  malformed,    // the bytes are no such structure
  unsupported,  // understood, and not handled
  encrypted,    // the content is locked by a key
  usage,        // the request makes no sense
  cancelled,    // stopped by the user
};

struct Error {
  ErrorKind kind = ErrorKind::unavailable;
  std::string message;  // object, place, found, expected; lower-case, no final stop

  // The same error seen from one layer up: "web01.vmx: <message>".
  [[nodiscard]] Error in(const std::string& context) const { return {kind, context + ": " + message}; }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  // From a value, or from anything that makes one: `Result<std::variant<A, B>> r = A{}`.
  template <typename U>
  requires std::is_convertible_v<U&&, T> &&(!std::is_same_v<std::remove_cvref_t<U>, Result>)
      Result(U&& value)  // NOLINT(google-explicit-constructor, bugprone-forwarding-reference-overload)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Precondition: has_value().
  T& operator*() & { return *std::get_if<0>(&state_); }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }

  // Precondition: !has_value().
  [[nodiscard]] const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// Success carries nothing: `Status status = f(); if (!status) return status.error();`
using Status = Result<std::monostate>;
[[nodiscard]] inline Status success() { return std::monostate{}; }

}  // namespace formats::core
