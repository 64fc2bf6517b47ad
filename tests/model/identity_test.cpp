#include "model/identity.h"

#include "tests/support/catch.h"
#include "tests/support/datastore.h"

using cbtctl::model::identity_of;
using cbtctl::model::is_looked_at;

namespace {

const std::string volume = "/vmfs/volumes/65f1c2aa-3b0c9d1e-77aa-0050569a1b2c";

}  // namespace

TEST_CASE("a root below a volume tells its UUID, whatever the root") {
  const auto whole = support::scan({{volume, {{{"web/a.vmx", support::vmx("a.vmdk")}}, {}, {}}}});
  const auto folder = support::scan({{volume + "/web", {{{"a.vmx", support::vmx("a.vmdk")}}, {}, {}}}});
  CHECK(identity_of(whole.targets, 0, "web/a.vmx") == volume + "/web/a.vmx");
  CHECK(identity_of(folder.targets, 0, "a.vmx") == volume + "/web/a.vmx");
  CHECK(identity_of(folder.targets, 0, ".") == volume + "/web");
  CHECK(is_looked_at(whole.targets, volume + "/web/a.vmx"));
  CHECK_FALSE(is_looked_at(folder.targets, volume + "/db/a.vmx"));
}

TEST_CASE("below /vmfs/volumes each volume tells its own, by its name too") {
  support::MemoryPlace place{{{"65f1c2aa-3b0c9d1e-77aa-0050569a1b2c/web/a.vmx", support::vmx("a.vmdk")}}, {}, {}};
  place.links["ds1"] = "65f1c2aa-3b0c9d1e-77aa-0050569a1b2c";
  const auto host = support::scan({{"/vmfs/volumes", std::move(place)}});
  REQUIRE(host.virtual_machines.size() == 1);
  CHECK(host.files[host.virtual_machines[0].file].path == "ds1/web/a.vmx");
  CHECK(identity_of(host, host.files[host.virtual_machines[0].file]) == volume + "/web/a.vmx");
}

TEST_CASE("elsewhere it is the real path, and a folder's name is no identity") {
  auto copy =
      support::scan({{"/mnt/65f1c2aa-3b0c9d1e-77aa-0050569a1b2c", {{{"a.vmx", support::vmx("a.vmdk")}}, {}, {}}}});
  CHECK(copy.targets[0].volumes.empty());
  copy.targets[0].canonical = "/srv/ds1";
  CHECK(identity_of(copy.targets, 0, "a.vmx") == "/srv/ds1/a.vmx");
  CHECK(identity_of(copy.targets, 7, "/mapped/a.vmdk") == "/mapped/a.vmdk");
}
