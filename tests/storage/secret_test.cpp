#include "storage/secret.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include "tests/support/catch.h"

using cbtctl::storage::Secret;

TEST_CASE("a secret is what was typed, corrections done") {
  Secret secret;
  CHECK(secret.is_empty());
  secret.pop_back();
  for (const char c : std::string("passx")) CHECK(secret.push_back(c));
  secret.pop_back();
  CHECK(secret.text() == "pass");
  CHECK(std::string(secret.c_str()) == "pass");
  const Secret copy = secret;
  secret.clear();
  CHECK(secret.is_empty());
  CHECK(copy.text() == "pass");
}

TEST_CASE("a secret has an end") {
  const std::string longest(Secret::max_bytes, 'x');
  Secret secret(longest + "y");
  CHECK(secret.text() == longest);
  CHECK_FALSE(secret.push_back('y'));
  CHECK(std::string(secret.c_str()) == longest);
}

TEST_CASE("nothing of a secret stays where it lay") {
  alignas(Secret) std::array<unsigned char, sizeof(Secret)> place{};
  const auto lies_there = [&](std::string_view text) {
    return std::search(place.begin(), place.end(), text.begin(), text.end()) != place.end();
  };
  auto* secret = new (place.data()) Secret("open sesame");
  REQUIRE(lies_there("open sesame"));
  SECTION("when it goes") { secret->~Secret(); }
  SECTION("when it is taken back") {
    secret->clear();
    secret->~Secret();
  }
  SECTION("when a shorter one takes its place") {
    *secret = Secret("x");
    CHECK_FALSE(lies_there("sesame"));
    secret->~Secret();
  }
  CHECK_FALSE(lies_there("sesame"));
}
