// clean: what it takes, and what it leaves.
#include "tests/support/catch.h"

#include "tests/support/workshop.h"

using namespace support;

namespace {

const Files orphan{{"z/z-ctk.vmdk", small_tracking()}};

repair::Request old_enough() {
  auto request = request_for("clean");
  request.least_age_ns = 0;
  return request;
}

}  // namespace

TEST_CASE("an orphan, an orphan of a snapshot and a leftover go aside, also of a machine with snapshots") {
  const Files files = with(with_snapshot(), {{"x/x-000002-ctk.vmdk", small_tracking()},
                                             {"x/gone-ctk.vmdk", small_tracking()},
                                             {"z/z-ctk.vmdk", small_tracking()}});
  Workshop shop(files);
  const Files before = contents_of(shop.disk);
  const auto plan = shop.begun(old_enough());
  CHECK(plan.refused.empty());
  REQUIRE(plan.machines.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(shop.carry_out(plan, i).outcome == Outcome::changed);
  CHECK(contents_of(shop.disk) == with_snapshot());
  for (std::size_t i = 0; i < 2; ++i) CHECK(shop.take_back(plan, i).outcome == Outcome::restored);
  CHECK(contents_of(shop.disk) == before);
}

TEST_CASE("a file that any descriptor names stays, also one that is only a backup copy") {
  const Files files = with(orphan, {{"y/other.vmdk.bak", small_descriptor("other-flat.vmdk", "../z/z-ctk.vmdk")}});
  CHECK(Workshop(files).plan(old_enough()).machines.empty());
}

TEST_CASE("what could be named by a file that cannot be read stays") {
  const Files files = with(orphan, {{"y/secret.vmdk", "no descriptor at all"}});
  CHECK(Workshop(files).plan(old_enough()).machines.empty());
}

TEST_CASE("a young file is refused") {
  Workshop shop(orphan);  // its time is 1 ns after 1970
  CHECK(shop.plan("clean").machines.size() == 1);
  auto request = request_for("clean");
  request.least_age_ns = std::int64_t{200} * 365 * 86400 * 1'000'000'000;
  CHECK(reason_of(shop.plan(request)) == "too-young");
}

TEST_CASE("a folder in which something is locked is left alone") {
  CHECK(reason_of(Workshop(with(orphan, {{"z/.lck-0123456789abcdef", ""}})).plan(old_enough())) == "locked");
  CHECK(reason_of(Workshop(with(orphan, {{"z/gone.vmx.lck", ""}})).plan(old_enough())) == "locked");
}

TEST_CASE("the machine whose disks lie in the folder must be off too") {
  const std::string running =
      "config.version = \"8\"\nvirtualHW.version = \"13\"\ncleanShutdown = \"FALSE\"\n"
      "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"../z/data.vmdk\"\n";
  const Files files = with(
      orphan,
      {{"y/y.vmx", running}, {"z/data.vmdk", small_descriptor("data-flat.vmdk")}, {"z/data-flat.vmdk", small_flat()}});
  const auto plan = Workshop(files).plan(old_enough());
  CHECK(plan.machines.empty());
  CHECK(reason_of(plan) == "power-unknown");
}

TEST_CASE("so must a machine elsewhere whose disk lies on one of the file's stem, also where its descriptor is lost") {
  const std::string elsewhere =
      "config.version = \"8\"\nvirtualHW.version = \"13\"\ncleanShutdown = \"FALSE\"\n"
      "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"../z/Z-000001.vmdk\"\n";
  const auto plan = Workshop(with(orphan, {{"y/y.vmx", elsewhere}})).plan(old_enough());
  CHECK(plan.machines.empty());
  CHECK(reason_of(plan) == "power-unknown");
}

TEST_CASE("--vm keeps clean to the folders of these machines") {
  const Files files = with(healthy(), {{"z/z-ctk.vmdk", small_tracking()}, {"x/gone-ctk.vmdk", small_tracking()}});
  auto request = old_enough();
  request.every_machine = false;
  CHECK(steps_of(Workshop(files).plan(request)) == std::vector<std::string>{"quarantine x/gone-ctk.vmdk"});
  request.selected = [](const auto&) { return false; };
  CHECK(Workshop(files).plan(request).machines.empty());
}

TEST_CASE("the folder is listed again right before the move") {
  const std::vector<std::function<void(Workshop&)>> cases{
      [](Workshop& shop) { shop.disk.put("z/z.vmdk", small_descriptor("z-flat.vmdk", "z-ctk.vmdk")); },
      [](Workshop& shop) { shop.disk.put("y/far.vmdk", small_descriptor("far-flat.vmdk", "../z/z-ctk.vmdk")); },
      [](Workshop& shop) { shop.disk.put("z/z-ctk.vmdk", small_tracking(4096)); },
      [](Workshop& shop) { shop.disk.put("z/new.vmx.lck", ""); },
      [](Workshop& shop) { shop.disk.erase("z/z-ctk.vmdk"); },
  };
  for (const auto& meddle : cases) {
    Workshop shop(orphan);
    const auto plan = shop.begun(old_enough());
    meddle(shop);
    const Files before = contents_of(shop.disk);
    const auto result = shop.carry_out(plan);
    INFO(result.message);
    CHECK(result.outcome == Outcome::refused);
    CHECK(contents_of(shop.disk) == before);
  }
}
