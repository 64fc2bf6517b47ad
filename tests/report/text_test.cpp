#include "tests/support/catch.h"

#include "report/csv.h"
#include "report/table.h"
#include "report/text.h"

using namespace cbtctl::report;

TEST_CASE("a table wraps nothing in a pipe and fits a terminal") {
  Table table({{"A"}, {"B"}});
  table.add({{"one"}, {"a reason that is a good deal longer than forty columns"}});
  CHECK(table.print({}).find("longer than forty columns\n") != std::string::npos);
  const std::string narrow = table.print({.width = 40});
  for (std::size_t at = 0; at < narrow.size();) {
    const std::size_t end = narrow.find('\n', at);
    CHECK(end - at <= 40);
    at = end + 1;
  }
}

TEST_CASE("a CSV cell with a comma or a quote is quoted") {
  CHECK(csv_row({"a,b", "say \"x\"", "1"}) == "\"a,b\",\"say \"\"x\"\"\",1\n");
}
