// Every choice of the contract, and what the second look finds of it.
#include "tests/support/catch.h"

#include "analysis/catalogue.h"
#include "tests/support/workshop.h"

using namespace support;

namespace {

Files with_vmx(Files files, const std::string& more) {
  files["x/x.vmx"] = vmx("x.vmdk", more);
  return files;
}

// The whole way: the finding is there, the choice is carried out, the finding is gone; undo brings every byte back.
std::string chosen(const Files& files, const std::string& code, const std::string& option) {
  Workshop shop(files);
  const Files before = contents_of(shop.disk);
  const auto* row = cbtctl::analysis::find_row(code);
  REQUIRE(row != nullptr);
  REQUIRE(check(scan_disk(shop.disk)).has(code));
  auto request = request_for("repair", {{row->code, cbtctl::analysis::option_from(option).value()}});
  request.only = {row->code};
  const auto plan = shop.begun(request);
  INFO(code << "=" << option << " " << reason_of(plan));
  REQUIRE(plan.machines.size() == 1);
  const auto result = shop.carry_out(plan);
  INFO(result.message);
  REQUIRE(result.outcome == Outcome::changed);
  CHECK_FALSE(check(scan_disk(shop.disk)).has(code));
  const std::string state = shop.state("x/x.vmx");
  CHECK(state != "tracked");
  CHECK(shop.take_back(plan).outcome == Outcome::restored);
  CHECK(contents_of(shop.disk) == before);
  return state;
}

}  // namespace

TEST_CASE("restart: the disk's tracking starts anew") {
  CHECK(chosen(with(healthy(), {{"x/x-ctk.vmdk", "no signature" + std::string(600, 'x')}}), "ctk-unrecognised",
               "restart") == "pending");
  CHECK(chosen(with(healthy(), {{"x/x-ctk.vmdk", small_tracking(1024)}}), "ctk-covers-less", "restart") == "pending");
  CHECK(chosen(with(healthy(), {{"x/x-ctk.vmdk", small_tracking(4096)}}), "ctk-size-mismatch", "restart") == "pending");
  auto old = healthy();
  old["x/x.vmdk"].replace(old["x/x.vmdk"].find("version=3"), 9, "version=1");
  CHECK(chosen(old, "descriptor-version-mismatch", "restart") == "pending");
}

TEST_CASE("a missing key of a disk is added TRUE or FALSE") {
  CHECK(chosen(with_vmx(off(), "ctkEnabled = \"TRUE\"\n"), "cbt-disk-key-missing", "enable") == "pending");
  CHECK(chosen(with_vmx(off(), "ctkEnabled = \"TRUE\"\n"), "cbt-disk-key-missing", "disable") == "off");
  CHECK(chosen(with_vmx(healthy(), "ctkEnabled = \"TRUE\"\n"), "cbt-disk-key-missing", "enable") == "pending");
  CHECK(chosen(with_vmx(healthy(), "ctkEnabled = \"TRUE\"\n"), "cbt-disk-key-missing", "disable") == "off");
}

TEST_CASE("a missing key of the VM is added, or the disk's goes FALSE") {
  CHECK(chosen(with_vmx(off(), "scsi0:0.ctkEnabled = \"TRUE\"\n"), "cbt-vm-key-missing", "enable") == "pending");
  CHECK(chosen(with_vmx(off(), "scsi0:0.ctkEnabled = \"TRUE\"\n"), "cbt-vm-key-missing", "disable") == "off");
  CHECK(chosen(with_vmx(healthy(), "scsi0:0.ctkEnabled = \"TRUE\"\n"), "cbt-vm-key-missing", "enable") == "pending");
}

TEST_CASE("a misspelt key is renamed or removed") {
  const std::string key = "ctkEnable = \"TRUE\"\nscsi0:0.ctkEnabled = \"TRUE\"\n";
  CHECK(chosen(with_vmx(off(), key), "cbt-key-misspelt", "rename") == "pending");
  CHECK(chosen(with_vmx(off(), key), "cbt-key-misspelt", "remove") == "partial");
  CHECK(chosen(with_vmx(healthy(), key), "cbt-key-misspelt", "rename") == "pending");
}

TEST_CASE("a malformed key is set or removed") {
  const std::string key = "ctkEnabled = \"TRUE\"\nscsi0:0.ctkEnabled = \"yes\"\n";
  CHECK(chosen(with_vmx(off(), key), "cbt-key-malformed", "true") == "pending");
  CHECK(chosen(with_vmx(off(), key), "cbt-key-malformed", "false") == "off");
  CHECK(chosen(with_vmx(off(), key), "cbt-key-malformed", "remove") == "partial");
  CHECK(chosen(with_vmx(healthy(), key), "cbt-key-malformed", "true") == "pending");
  const std::string vm_key = "CTKenabled = \"1\"\nscsi0:0.ctkEnabled = \"TRUE\"\n";
  CHECK(chosen(with_vmx(healthy(), vm_key), "cbt-key-malformed", "true") == "pending");
  CHECK(chosen(with_vmx(off(), vm_key), "cbt-key-malformed", "remove") == "partial");
}

TEST_CASE("a malformed ctkDisallowed is mended where it stands") {
  const std::string key = "ctkEnabled = \"TRUE\"\nscsi0:0.ctkEnabled = \"TRUE\"\nctkDisallowed = \"maybe\"\n";
  CHECK(chosen(with_vmx(off(), key), "cbt-key-malformed", "false") == "pending");
  CHECK(chosen(with_vmx(off(), key), "cbt-key-malformed", "true") == "off");
  CHECK(chosen(with_vmx(off(), key), "cbt-key-malformed", "remove") == "pending");
}

TEST_CASE("of a key that stands twice one line stays, and no disk becomes tracked by that") {
  const std::string disk_key = both_keys + "scsi0:0.CTKENABLED = \"FALSE\"\n";
  CHECK(chosen(with_vmx(healthy(), disk_key), "vmx-duplicate-key", "keep-first") == "pending");
  CHECK(chosen(with_vmx(healthy(), disk_key), "vmx-duplicate-key", "keep-last") == "off");
  const std::string vm_key = both_keys + "CTKENABLED = \"FALSE\"\n";
  CHECK(chosen(with_vmx(healthy(), vm_key), "vmx-duplicate-key", "keep-first") == "pending");
  CHECK(chosen(with_vmx(healthy(), vm_key), "vmx-duplicate-key", "keep-last") == "partial");
  const std::string disallowed = both_keys + "ctkDisallowed = \"TRUE\"\nctkdisallowed = \"FALSE\"\n";
  CHECK(chosen(with_vmx(healthy(), disallowed), "vmx-duplicate-key", "keep-last") == "pending");
  const Files other = with(healthy(), {{"x/y.vmdk", small_descriptor("y-flat.vmdk", "y-ctk.vmdk")},
                                       {"x/y-flat.vmdk", small_flat()},
                                       {"x/y-ctk.vmdk", small_tracking()}});
  const std::string file_name = both_keys + "scsi0:0.filename = \"y.vmdk\"\n";
  CHECK(chosen(with_vmx(other, file_name), "vmx-duplicate-key", "keep-first") == "pending");
  CHECK(chosen(with_vmx(other, file_name), "vmx-duplicate-key", "keep-last") == "leftover");
}

TEST_CASE("a key that stands twice and has nothing to do with CBT leaves tracking alone") {
  Workshop shop(with_vmx(healthy(), both_keys + "displayName = \"a\"\ndisplayName = \"b\"\n"));
  const auto plan = shop.begun(
      request_for("repair", {{cbtctl::analysis::Code::vmx_duplicate_key, cbtctl::analysis::Option::keep_last}}));
  REQUIRE(plan.machines.size() == 1);
  CHECK(steps_of(plan) == std::vector<std::string>{"edit x/x.vmx"});
  CHECK(shop.carry_out(plan).outcome == Outcome::changed);
  CHECK(shop.state("x/x.vmx") == "tracked");
}

TEST_CASE("a delta adopts its parent's CID, also under a snapshot") {
  auto files = with_snapshot();
  files["x/x-000001.vmdk"] = small_delta("x-000001-delta.vmdk", "x.vmdk", "x-000001-ctk.vmdk", "00000001");
  Workshop shop(files);
  const auto plan = shop.begun(request_for(
      "repair", {{cbtctl::analysis::Code::chain_cid_mismatch, cbtctl::analysis::Option::adopt_parent_cid}}));
  REQUIRE(plan.machines.size() == 1);
  CHECK(shop.carry_out(plan).outcome == Outcome::changed);
  CHECK(contents_of(shop.disk)["x/x-000001.vmdk"].find("parentCID=1b77e0d4") != std::string::npos);
  CHECK(shop.take_back(plan).outcome == Outcome::restored);
}

TEST_CASE("repair applies the safe fixes by itself, and choices only when they are named") {
  const Files missing = without(healthy(), "x/x-ctk.vmdk");
  CHECK(Workshop(missing).plan("repair").machines.size() == 1);
  const Files covers_less = with(healthy(), {{"x/x-ctk.vmdk", small_tracking(1024)}});
  CHECK(Workshop(covers_less).plan("repair").machines.empty());
  Files both = with(missing, {{"y/y-000001-ctk.vmdk", small_tracking()}});
  const auto request =
      request_for("repair", {{cbtctl::analysis::Code::ctk_covers_less, cbtctl::analysis::Option::restart}});
  CHECK(Workshop(both).plan(request).machines.size() == 2);
}

TEST_CASE("a fix that touches tracking is refused under a snapshot") {
  auto files = with_snapshot();
  files.erase("x/x-000001-ctk.vmdk");
  const auto plan = Workshop(files).plan("repair");
  CHECK(plan.machines.empty());
  CHECK(reason_of(plan) == "has-snapshots");
}

TEST_CASE("a fix of a descriptor that no machine runs on is told, not dropped") {
  const Files files{{"x/lonely.vmdk",
                     "# Disk DescriptorFile\nversion=3\nCID=1b77e0d4\nparentCID=ffffffff\ncreateType="
                     "\"vmfs\"\nRW 2048 VMFS \"lonely-flat.vmdk\"\n"},
                    {"x/lonely-flat.vmdk", small_flat()}};
  const auto plan = Workshop(files).plan("repair");
  CHECK(plan.machines.empty());
  CHECK(reason_of(plan) == "power-unknown");
}
