#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;

TEST_CASE("extents that are missing, short or invalid are errors") {
  CHECK(check(without(healthy(), "x/x-flat.vmdk")).path("extent-missing") == "x/x.vmdk");
  CHECK(check(with(healthy(), {{"x/x-flat.vmdk", "short"}})).path("extent-size-mismatch") == "x/x.vmdk");
  CHECK(check(with(with_snapshot(), {{"x/x-000001-delta.vmdk", small_cowd(77)}})).path("extent-invalid") ==
        "x/x-000001-delta.vmdk");
  CHECK(check(with(with_snapshot(), {{"x/x-000001-delta.vmdk", "garbage"}})).path("extent-invalid") ==
        "x/x-000001-delta.vmdk");
}

TEST_CASE("a flat extent that is longer by 1 MiB than needed is a warning") {
  const auto found = check(with(healthy(), {{"x/x-flat.vmdk", small_flat() + small_flat()}}));
  CHECK(found.path("extent-size-mismatch") == "x/x.vmdk");
  CHECK(found.first("extent-size-mismatch").severity == cbtctl::analysis::Severity::warning);
}

TEST_CASE("a flat extent that is longer than needed is no finding") {
  CHECK(check(with(healthy(), {{"x/x-flat.vmdk", small_flat() + "more"}})).findings.found.empty());
}

TEST_CASE("a sidecar that is named and not there is told, each once") {
  const auto of = [](const std::string& value, const Files& more = {}) {
    return check(with(
        with(off(), {{"x/x.vmdk", small_descriptor("x-flat.vmdk", {}, "ddb.sidecars = \"" + value + "\"\n")}}), more));
  };
  CHECK(of("x-1.vmfd").path("sidecar-missing") == "x/x.vmdk");
  CHECK(of("filter_1,x-1.vmfd;filter_2,x-2.vmfd;").count("sidecar-missing") == 2);
  CHECK_FALSE(of("filter_1,x-1.vmfd", {{"x/x-1.vmfd", "x"}}).has("sidecar-missing"));
  CHECK_FALSE(of("filter_1").has("sidecar-missing"));
}
