#include "tests/support/catch.h"

#include "analysis/cbt_state.h"
#include "tests/support/datastore.h"

using cbtctl::analysis::CbtState;
using cbtctl::analysis::CbtVerdict;
using cbtctl::analysis::judge;
using cbtctl::analysis::judge_star_query;
using support::both_keys;
using support::descriptor;
using support::vmx;

namespace {

using Files = std::map<std::string, std::string>;

CbtVerdict verdict(const support::Datastore& datastore) {
  REQUIRE(datastore.virtual_machines.size() == 1);
  const auto& machine = datastore.virtual_machines[0];
  REQUIRE(machine.disks.size() == 1);
  return judge(datastore, machine, machine.disks[0]);
}

CbtVerdict verdict(const Files& files) { return verdict(support::scan(files)); }

Files tracked() {
  return {{"x/x.vmx", vmx("x.vmdk", both_keys)},
          {"x/x.vmdk", descriptor("x-flat.vmdk", "x-ctk.vmdk")},
          {"x/x-flat.vmdk", ""},
          {"x/x-ctk.vmdk", support::tracking()}};
}

Files with(Files files, const std::string& path, const std::string& content) {
  files[path] = content;
  return files;
}

}  // namespace

TEST_CASE("both keys and a CTK file that fits make a disk tracked") {
  const CbtVerdict found = verdict(tracked());
  CHECK(found.state == CbtState::tracked);
  CHECK(found.reasons.empty());
  CHECK(found.change_id);
}

TEST_CASE("a missing, foreign, short or smaller CTK file breaks tracking") {
  auto missing = tracked();
  missing.erase("x/x-ctk.vmdk");
  CHECK(verdict(missing).state == CbtState::broken);
  CHECK(verdict(with(tracked(), "x/x-ctk.vmdk", "no signature")).state == CbtState::broken);
  CHECK(verdict(with(tracked(), "x/x-ctk.vmdk", support::tracking().substr(0, 100))).state == CbtState::broken);
  CHECK(verdict(with(tracked(), "x/x-ctk.vmdk", support::tracking(4194304))).state == CbtState::broken);
}

TEST_CASE("a CTK file that cannot be verified leaves the disk tracked, with a reason") {
  const auto kind = GENERATE(formats::core::ErrorKind::in_use, formats::core::ErrorKind::denied);
  const auto found = verdict(support::scan({{"/mnt/ds", {tracked(), {}, {{"x/x-ctk.vmdk", kind}}}}}));
  CHECK(found.state == CbtState::tracked);
  CHECK(found.reasons.size() == 1);
  std::string second = support::tracking();
  second[4] = 2;
  CHECK(verdict(with(tracked(), "x/x-ctk.vmdk", second)).reasons.size() == 1);
  std::string garbled = support::tracking();
  garbled.replace(16, 8, 8, '\0');
  CHECK(verdict(with(tracked(), "x/x-ctk.vmdk", garbled)).state == CbtState::tracked);
  CHECK(verdict(with(tracked(), "x/x.vmdk", descriptor("x-flat.vmdk", "/vmfs/volumes/other/x-ctk.vmdk"))).state ==
        CbtState::tracked);
}

TEST_CASE("a table that may lack what was written since leaves the disk tracked, with that reason") {
  const auto only_reason = [](const Files& files) {
    const auto found = verdict(files);
    CHECK(found.state == CbtState::tracked);
    CHECK(found.reasons.size() == 1);
    return found.reasons.empty() ? std::string() : found.reasons.front();
  };
  const std::string locked = only_reason(with(tracked(), "x/x.vmx.lck", ""));
  CHECK(locked.find("not proven off") != std::string::npos);
  std::string flagged = support::tracking();
  flagged[8] = 1;
  CHECK(only_reason(with(tracked(), "x/x-ctk.vmdk", flagged)).find("flag word") != std::string::npos);
}

TEST_CASE("a table that is cut does not fit, one that goes on does, with a reason") {
  std::string ctk = support::tracking();
  const auto longer = verdict(with(tracked(), "x/x-ctk.vmdk", ctk + std::string(9000, '\0')));
  CHECK(longer.state == CbtState::tracked);
  CHECK(longer.reasons.size() == 1);
  ctk.resize(ctk.size() - 4);
  CHECK(verdict(with(tracked(), "x/x-ctk.vmdk", ctk)).state == CbtState::broken);
}

TEST_CASE("without a CTK line the disk is pending") {
  CHECK(verdict(with(tracked(), "x/x.vmdk", descriptor("x-flat.vmdk"))).state == CbtState::pending);
}

TEST_CASE("ctkDisallowed makes it off, or a leftover where the descriptor names a CTK file") {
  const std::string keys = both_keys + "ctkDisallowed = \"TRUE\"\n";
  const auto files = with(tracked(), "x/x.vmx", vmx("x.vmdk", keys));
  CHECK(verdict(files).state == CbtState::leftover);
  const auto off = verdict(with(files, "x/x.vmdk", descriptor("x-flat.vmdk")));
  CHECK(off.state == CbtState::off);
  CHECK(off.reasons == std::vector<std::string>{"disallowed"});
}

TEST_CASE("a CTK line without both keys is a leftover") {
  CHECK(verdict(with(tracked(), "x/x.vmx", vmx("x.vmdk"))).state == CbtState::leftover);
  CHECK(verdict(with(tracked(), "x/x.vmx", vmx("x.vmdk", "ctkEnabled = \"TRUE\"\n"))).state == CbtState::leftover);
}

TEST_CASE("one key alone is partial, an explicit FALSE at the disk is off") {
  const auto plain = with(tracked(), "x/x.vmdk", descriptor("x-flat.vmdk"));
  const auto state = [&](const std::string& keys) {
    return verdict(with(plain, "x/x.vmx", vmx("x.vmdk", keys))).state;
  };
  CHECK(state("") == CbtState::off);
  CHECK(state("ctkEnabled = \"TRUE\"\n") == CbtState::partial);
  CHECK(state("scsi0:0.ctkEnabled = \"TRUE\"\n") == CbtState::partial);
  CHECK(state("ctkEnabled = \"TRUE\"\nscsi0:0.ctkEnabled = \"FALSE\"\n") == CbtState::off);
}

TEST_CASE("a missing descriptor and a key that contradicts itself are unreadable") {
  auto missing = tracked();
  missing.erase("x/x.vmdk");
  CHECK(verdict(missing).state == CbtState::unreadable);
  CHECK(verdict(with(tracked(), "x/x.vmx", vmx("x.vmdk", both_keys + "CTKENABLED = \"FALSE\"\n"))).state ==
        CbtState::unreadable);
  CHECK(verdict(with(tracked(), "x/x.vmdk", "# Disk DescriptorFile\n")).state == CbtState::unreadable);
  const auto encrypted = verdict(
      with(tracked(), "x/x.vmdk", descriptor("x-flat.vmdk", "x-ctk.vmdk") + "ddb.iofilters = \"vmwarevmcrypt\"\n"));
  CHECK(encrypted.state == CbtState::unreadable);
  CHECK(encrypted.reasons == std::vector<std::string>{"the descriptor x.vmdk is encrypted"});
  std::string second = descriptor("x-flat.vmdk", "x-ctk.vmdk");
  second.replace(second.find("version=3"), 9, "version=2");
  CHECK(verdict(with(tracked(), "x/x.vmdk", second)).state == CbtState::tracked);
}

TEST_CASE("whatever key decides a disk, twice with different values it is unreadable") {
  const std::string key = GENERATE("virtualHW.version", "scsi0.sharedBus", "scsi0:0.deviceType", "scsi0:0.sharing",
                                   "scsi0:0.mode", "SCSI0:0.MODE");
  const auto twice = [&](const std::string& first, const std::string& second) {
    const std::string lines = key + " = \"" + first + "\"\n" + key + " = \"" + second + "\"\n";
    return verdict(with(tracked(), "x/x.vmx", lines + vmx("x.vmdk", both_keys))).state;
  };
  CHECK(twice("one", "two") == CbtState::unreadable);
  CHECK(verdict(with(tracked(), "x/x.vmx", vmx("x.vmdk", both_keys + "scsi0:0.redo = \"a\"\nscsi0:0.redo = \"b\"\n")))
            .state == CbtState::tracked);
}

TEST_CASE("what cannot be tracked is unsupported, with every reason") {
  const std::string more =
      GENERATE("scsi0:0.mode = \"independent-nonpersistent\"\n", "scsi0.sharedBus = \"physical\"\n",
               "scsi0:0.sharing = \"multi-writer\"\n", "scsi0:0.deviceType = \"scsi-passthru-rdm\"\n");
  CHECK(verdict(with(tracked(), "x/x.vmx", vmx("x.vmdk", both_keys + more))).state == CbtState::unsupported);
}

TEST_CASE("the golden image of a linked clone is foreign and never judged as the clone's") {
  const Files files{{"gold/gold.vmtx", vmx("gold.vmdk")},
                    {"gold/gold.vmdk", descriptor("gold-flat.vmdk", "gold-ctk.vmdk")},
                    {"x/x.vmx", vmx("x.vmdk")},
                    {"x/x.vmdk", descriptor("x-delta.vmdk", {}, "../gold/gold.vmdk")}};
  const auto datastore = support::scan(files);
  REQUIRE(datastore.virtual_machines.size() == 2);
  const auto& clone = datastore.virtual_machines[1];
  REQUIRE(clone.disks[0].chain.size() == 2);
  CHECK_FALSE(clone.disks[0].chain[1].own);
  CHECK(judge(datastore, clone, clone.disks[0]).state == CbtState::off);
}

TEST_CASE("a change id '*' is not trusted where an own link below has no CTK file") {
  auto files = with(tracked(), "x/x.vmdk", descriptor("x-flat.vmdk", "x-ctk.vmdk", "base.vmdk"));
  files["x/base.vmdk"] = descriptor("base-flat.vmdk");
  const auto datastore = support::scan(files);
  const auto& machine = datastore.virtual_machines[0];
  CHECK(judge_star_query(datastore, machine.disks[0]).usable == false);
  files["x/base.vmdk"] = descriptor("base-flat.vmdk", "gone-ctk.vmdk");
  const auto gone = support::scan(files);
  CHECK(judge_star_query(gone, gone.virtual_machines[0].disks[0]).usable == false);
  const auto plain = support::scan(tracked());
  CHECK_FALSE(judge_star_query(plain, plain.virtual_machines[0].disks[0]).usable);
}

TEST_CASE("a disk without own links is another machine's, and off whatever the keys say") {
  auto files = tracked();
  files["n/n.vmx"] = vmx("../x/x.vmdk", both_keys);
  const auto datastore = support::scan(files);
  const auto& machine = datastore.virtual_machines[0];
  const auto found = judge(datastore, machine, machine.disks[0]);
  CHECK(found.state == CbtState::off);
  CHECK(found.reasons == std::vector<std::string>{"another machine's disk: x/x.vmdk"});
  files["n/n.vmx"] = vmx("../x/x.vmdk", both_keys + "scsi0:0.mode = \"independent-nonpersistent\"\n");
  const auto held = support::scan(files);
  CHECK(judge(held, held.virtual_machines[0], held.virtual_machines[0].disks[0]).state == CbtState::unsupported);
}
