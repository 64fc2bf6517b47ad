#include <catch2/catch.hpp>

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Certainty;
using cbtctl::analysis::Fix;
using cbtctl::analysis::Severity;

TEST_CASE("a healthy datastore yields nothing") {
  CHECK(check(healthy()).findings.found.empty());
  CHECK(check(off()).findings.found.empty());
  CHECK(check(with_snapshot()).findings.found.empty());
}

TEST_CASE("a CTK file that nobody names is an orphan by what is gone") {
  const auto found =
      check(with(healthy(), {{"x/x-000002-ctk.vmdk", small_tracking()}, {"x/old-ctk.vmdk", small_tracking()}}));
  CHECK(found.path("ctk-orphan-snapshot") == "x/x-000002-ctk.vmdk");
  CHECK(found.first("ctk-orphan-snapshot").certainty == Certainty::hit);
  CHECK(found.path("ctk-orphan") == "x/old-ctk.vmdk");
  CHECK(found.findings.found.size() == 2);
}

TEST_CASE("a disk beside it makes it a leftover, an error where the next CTK file must go") {
  const auto off_disk = check(with(off(), {{"x/x-ctk.vmdk", small_tracking()}}));
  CHECK(off_disk.first("ctk-leftover").severity == Severity::warning);
  const auto pending = check(with(off(), {{"x/x.vmx", vmx("x.vmdk", both_keys)}, {"x/x-ctk.vmdk", small_tracking()}}));
  CHECK(pending.first("ctk-leftover").severity == Severity::error);
}

TEST_CASE("an unreadable text silences orphans in its folder and makes those elsewhere possible") {
  const Files orphan = with(healthy(), {{"y/y-ctk.vmdk", small_tracking()}});
  CHECK(check(with(orphan, {{"y/y.vmx", std::string(20, '\0')}})).count("ctk-orphan") == 0);
  CHECK(check(with(orphan, {{"z/z.vmdk", "not a descriptor"}})).first("ctk-orphan").certainty == Certainty::possible);
  CHECK(check(orphan).first("ctk-orphan").certainty == Certainty::hit);
}

TEST_CASE("a backup copy of a descriptor protects what it names and is never judged") {
  const auto found = check(
      with(off(), {{"x/x-ctk.vmdk", small_tracking()}, {"x/x.vmdk~", small_descriptor("x-flat.vmdk", "x-ctk.vmdk")}}));
  CHECK(found.findings.found.empty());
}

TEST_CASE("a named CTK file raises the first that fits") {
  const auto one = [](const Files& files, std::string_view code) {
    const auto found = check(files);
    CHECK(found.findings.found.size() == 1);
    CHECK(found.has(code));
    return found;
  };
  CHECK(one(without(healthy(), "x/x-ctk.vmdk"), "ctk-missing").path("ctk-missing") == "x/x.vmdk");
  CHECK(one(with(healthy(), {{"x/x-ctk.vmdk", std::string(4096, 'a')}}), "ctk-unrecognised")
            .first("ctk-unrecognised")
            .fix == Fix::choice);
  CHECK(one(with(healthy(), {{"x/x-ctk.vmdk", ""}}), "ctk-unrecognised").first("ctk-unrecognised").fix == Fix::safe);
  CHECK(one(with(healthy(), {{"x/x-ctk.vmdk", small_tracking(1024)}}), "ctk-covers-less").path("ctk-covers-less") ==
        "x/x-ctk.vmdk");
  one(with(healthy(), {{"x/x-ctk.vmdk", small_tracking(8192)}}), "ctk-size-mismatch");
}

TEST_CASE("a header that is not understood and a version that is not known are notes alone") {
  const auto bytes = [](const CtkBuilder& builder) {
    return std::string(reinterpret_cast<const char*>(builder.bytes().data()), builder.bytes().size());
  };
  const auto strange = bytes(CtkBuilder{}.capacity(77).block(128).size(512 + 4 * 16));
  CHECK(check(with(healthy(), {{"x/x-ctk.vmdk", strange}})).has("ctk-layout-unknown"));
  std::string second = small_tracking();
  second[4] = 2;
  const auto found = check(with(healthy(), {{"x/x-ctk.vmdk", second}}));
  CHECK(found.has("ctk-layout-unknown"));
  CHECK(found.findings.found.size() == 1);
}

TEST_CASE("two descriptors that name one CTK file share it") {
  Files files = with(healthy(), {{"y/y.vmx", vmx("y.vmdk", both_keys)},
                                 {"y/y.vmdk", small_descriptor("y-flat.vmdk", "../x/x-ctk.vmdk")},
                                 {"y/y-flat.vmdk", small_flat()}});
  CHECK(check(files).path("ctk-shared") == "x/x-ctk.vmdk");
  CHECK_FALSE(check(healthy()).has("ctk-shared"));
}

TEST_CASE("an entry newer than the header's epoch is found by a deep look alone") {
  std::string ctk = small_tracking();
  const auto epoch = static_cast<unsigned char>(ctk[36]);
  ctk[512] = static_cast<char>(epoch + 1);
  const Datastore datastore = scan(with(healthy(), {{"x/x-ctk.vmdk", ctk}}));
  CHECK_FALSE(check(datastore).has("ctk-epoch-ahead"));
  const cbtctl::analysis::Opener opener =
      [&](auto) -> formats::core::Result<std::unique_ptr<formats::core::ByteSource>> {
    return std::unique_ptr<formats::core::ByteSource>(
        std::make_unique<formats::core::SpanSource>(std::as_bytes(std::span(ctk))));
  };
  const Checked deep{datastore, cbtctl::analysis::analyze(datastore, opener)};
  CHECK(deep.path("ctk-epoch-ahead") == "x/x-ctk.vmdk");
  ctk[512] = static_cast<char>(epoch);
  CHECK(cbtctl::analysis::analyze(datastore, opener).found.empty());
}

TEST_CASE("where too many CTK files do not fit, it is the format that is doubted") {
  Files files;
  for (const std::string name : {"a", "b", "c", "d"}) {
    const bool fits = name == "a" || name == "b";
    files = with(files, {{name + "/" + name + ".vmx", vmx(name + ".vmdk", both_keys)},
                         {name + "/" + name + ".vmdk", small_descriptor(name + "-flat.vmdk", name + "-ctk.vmdk")},
                         {name + "/" + name + "-flat.vmdk", small_flat()},
                         {name + "/" + name + "-ctk.vmdk", small_tracking(fits ? small_sectors : 1024)}});
  }
  const auto found = check(files);
  CHECK(found.path("ctk-format-doubted") == ".");
  CHECK(found.first("ctk-covers-less").fix == Fix::none);
  files["c/c-ctk.vmdk"] = small_tracking();
  CHECK_FALSE(check(files).has("ctk-format-doubted"));  // one of four
}
