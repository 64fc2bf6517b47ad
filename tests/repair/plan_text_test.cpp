// A plan as a document: what it says in a word that this program does not know is not believed.
#include "tests/support/catch.h"

#include "tests/support/workshop.h"

using namespace support;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// One machine to reset, and one that is refused.
std::string document() {
  const Workshop shop(with(two_disks(), {{"y/y.vmx", vmx("y.vmdk", both_keys)}}));
  return to_text(shop.begun("reset"));
}

}  // namespace

TEST_CASE("a plan that was written is read as the same plan") {
  const std::string text = document();
  const auto plan = repair::plan_from_text(text);
  REQUIRE(plan);
  CHECK(plan->verb == repair::Verb::reset);
  CHECK(plan->machines.size() == 1);
  CHECK(reason_of(*plan) == "unreadable");
  CHECK(to_text(*plan) == text);
}

TEST_CASE("a verb, a reason, a state or a kind of change that is not known makes a plan unreadable") {
  const std::string text = document();
  const std::vector<std::pair<std::string, std::string>> words{{"\"verb\": \"reset\"", "\"verb\": \"restart\""},
                                                               {"\"verb\": \"reset\"", "\"verb\": \"undo\""},
                                                               {"\"unreadable\"", "\"unheard-of\""},
                                                               {"\"pending\"", "\"soon\""},
                                                               {"\"quarantine\"", "\"delete\""}};
  for (const auto& [from, to] : words) {
    INFO(to);
    const auto plan = repair::plan_from_text(replaced(text, from, to));
    REQUIRE_FALSE(plan);
    CHECK(plan.error().kind == formats::core::ErrorKind::malformed);
  }
}
