// Every reason to refuse on a mount has a machine that meets it, and the same machine without the reason is changed.
#include "tests/support/catch.h"

#include "tests/support/workshop.h"

using namespace support;

namespace {

const std::vector<std::string> verbs{"enable", "disable", "reset"};

// Broken, so that each verb has something to do.
Files subject() { return with(healthy(), {{"x/x-ctk.vmdk", small_tracking(1024)}}); }
Files subject(const std::string& more) { return with(subject(), {{"x/x.vmx", vmx("x.vmdk", both_keys + more)}}); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

}  // namespace

TEST_CASE("a machine that is proven off is changed by each verb") {
  for (const auto& verb : verbs) {
    INFO(verb);
    const auto plan = Workshop(subject()).plan(verb);
    CHECK(plan.refused.empty());
    CHECK(plan.machines.size() == 1);
  }
}

TEST_CASE("each reason is told, and nothing is planned") {
  const Files running = {{"x/x.vmx.lck", ""}, {"x/x-1.vswp", ""}};
  const std::string on = replaced(vmx("x.vmdk", both_keys), "\"TRUE\"", "\"FALSE\"");
  const std::vector<std::pair<std::string, Files>> cases{
      {"powered-on", with(with(subject(), running), {{"x/x.vmx", on}})},
      {"locked", with(subject(), {{"x/x.vmx.lck", ""}})},
      {"locked", with(subject(), {{"x/.lck-0123456789abcdef", ""}})},
      {"suspended", subject("checkpoint.vmState = \"x.vmss\"\n")},
      {"power-unknown", with(subject(), {{"x/x.vmx", replaced(vmx("x.vmdk", both_keys), "\"TRUE\"", "\"FALSE\"")}})},
      {"has-snapshots", with(subject(), {{"x/x.vmsd", snapshots("x.vmdk")}})},
      {"needs-consolidation", with(subject(), {{"x/x.vmsd", "snapshot.needConsolidate = \"TRUE\"\n"}})},
      {"needs-consolidation",
       with(subject(), {{"x/x.vmx", subject().at("x/x.vmx") + "snapshot.needConsolidate = \"TRUE\"\n"}})},
      {"hardware-too-old", with(subject(), {{"x/x.vmx", replaced(vmx("x.vmdk", both_keys), "\"13\"", "\"6\"")}})},
      {"encrypted",
       with(subject(), {{"x/x.vmx", "displayName = \"x\"\nencryption.keySafe = \"v\"\nencryption.data = \"d\"\n"}})},
      {"encrypted", subject("encryption.keySafe = \"v\"\nencryption.data = \"d\"\n")},
      {"duplicate-keys", subject("displayName = \"a\"\ndisplayName = \"b\"\n")},
      {"shared-disk", with(subject(), {{"y/y.vmx", vmx("../x/x.vmdk")}})},
      {"shared-disk", with(subject(), {{"x/y.vmdk", small_descriptor("x-flat.vmdk", "x-ctk.vmdk")}})},
      {"vsan-or-vvol",
       with(subject(), {{"x/x.vmdk", replaced(small_descriptor("vsan://f252", "x-ctk.vmdk"), "VMFS", "VSANSPARSE")}})},
      {"outside-scan",
       with(subject(), {{"x/x.vmdk", small_descriptor("x-flat.vmdk", "/vmfs/volumes/other/x-ctk.vmdk")}})},
      {"outside-scan",
       with(subject(), {{"x/x.vmdk", small_descriptor("/vmfs/volumes/other/x-flat.vmdk", "x-ctk.vmdk")}})},
      {"unreadable", without(subject(), "x/x.vmdk")},
      {"unreadable", with(subject(), {{"x/x.vmx", std::string(20, '\0')}})},
      {"unreadable", with(subject(), {{"x/x.vmsd", "garbage without a line"}})},
  };
  for (const auto& [reason, files] : cases) {
    for (const auto& verb : verbs) {
      const auto plan = Workshop(files).plan(verb);
      if (!plan.unchanged.empty()) continue;  // a disk whose CTK file lies outside counts as tracked
      INFO(verb << ": expected " << reason << ", message " << (plan.refused.empty() ? "" : plan.refused[0].message));
      CHECK(reason_of(plan) == reason);
      CHECK((plan.machines.empty() || plan.machines[0].vm != "x/x.vmx"));
    }
  }
}

TEST_CASE("a suspended state whose name says that it is locked is suspended, and nothing is locked") {
  const Files suspended = subject("checkpoint.vmState = \"web is locked now.vmss\"\n");
  for (const auto& verb : verbs) CHECK(reason_of(Workshop(suspended).plan(verb)) == "suspended");
  const Files unknown = with(suspended, {{"x/x-1.vswp", ""}});
  for (const auto& verb : verbs) CHECK(reason_of(Workshop(unknown).plan(verb)) == "power-unknown");
  const Files locked = with(suspended, {{"x/x.vmx.lck", ""}});
  for (const auto& verb : verbs) CHECK(reason_of(Workshop(locked).plan(verb)) == "locked");
}

TEST_CASE("a delta that no snapshot lists needs consolidation") {
  for (const auto& verb : verbs) {
    auto files = without(with_snapshot(), "x/x.vmsd");
    files["x/x-000001-ctk.vmdk"] = small_tracking(1024);
    CHECK(reason_of(Workshop(files).plan(verb)) == "needs-consolidation");
  }
}

TEST_CASE("a template is taken by enable alone, when asked for") {
  auto files = with(off(), {{"x/x.vmtx", off()["x/x.vmx"]}});
  files.erase("x/x.vmx");
  CHECK(reason_of(Workshop(files).plan("enable")) == "template");
  auto request = request_for("enable");
  request.include_templates = true;
  CHECK(Workshop(files).plan(request).machines.size() == 1);
}

TEST_CASE("ctkDisallowed refuses what would turn a key on, and only that") {
  const Files files = subject("ctkDisallowed = \"TRUE\"\n");
  CHECK(reason_of(Workshop(files).plan("enable")) == "disallowed");
  CHECK(reason_of(Workshop(files).plan("reset")) == "disallowed");
  CHECK(Workshop(files).plan("disable").machines.size() == 1);
}

TEST_CASE("a machine without a disk that can be tracked is refused by enable and reset") {
  const Files files = subject("scsi0:0.mode = \"independent-persistent\"\n");
  CHECK(reason_of(Workshop(files).plan("enable")) == "no-trackable-disk");
  CHECK(reason_of(Workshop(files).plan("reset")) == "no-trackable-disk");
  CHECK(Workshop(files).plan("disable").machines.size() == 1);
  const Files diskless{{"y/y.vmx", "config.version = \"8\"\ncleanShutdown = \"TRUE\"\n"}};
  CHECK(reason_of(Workshop(diskless).plan("enable")) == "no-trackable-disk");
}

TEST_CASE("the operator's word stands for an unknown power state and for nothing else") {
  auto files = subject();
  files["x/x.vmx"] = replaced(files["x/x.vmx"], "\"TRUE\"", "\"FALSE\"");
  auto request = request_for("reset");
  request.assumed_off = {"x/x.vmx"};
  const auto plan = Workshop(files).plan(request);
  REQUIRE(plan.machines.size() == 1);
  CHECK(plan.machines[0].assumed_off);
  CHECK(reason_of(Workshop(with(files, {{"x/x.vmx.lck", ""}, {"x/x.vswp", ""}})).plan(request)) == "powered-on");
}

TEST_CASE("the guards are asked again right before the first write") {
  const std::vector<std::pair<std::string, std::function<void(Workshop&)>>> cases{
      {"locked", [](Workshop& shop) { shop.disk.put("x/x.vmx.lck", ""); }},
      {"has-snapshots", [](Workshop& shop) { shop.disk.put("x/x.vmsd", snapshots("x.vmdk")); }},
      {"shared-disk", [](Workshop& shop) { shop.disk.put("x/y.vmx", vmx("x.vmdk")); }},
      {"changed-meanwhile", [](Workshop& shop) { shop.disk.put("x/x.vmx", vmx("x.vmdk", both_keys + "# by hand\n")); }},
      {"changed-meanwhile", [](Workshop& shop) { shop.disk.put("x/x-ctk.vmdk", small_tracking(512)); }},
      {"changed-meanwhile", [](Workshop& shop) { shop.disk.touch("x/x-flat.vmdk"); }},
      {"changed-meanwhile", [](Workshop& shop) { shop.disk.put("x/vmware.log", "new"); }},
      {"changed-meanwhile", [](Workshop& shop) { shop.disk.erase("x/x.vmx"); }},
  };
  for (const auto& [reason, meddle] : cases) {
    Workshop shop(subject());
    const auto plan = shop.begun("reset");
    meddle(shop);
    const Files before = contents_of(shop.disk);
    const auto result = shop.carry_out(plan);
    INFO(reason << ": " << result.message);
    CHECK(result.outcome == Outcome::refused);
    CHECK(reason_of(result) == reason);
    CHECK(contents_of(shop.disk) == before);
    CHECK(shop.disk.folders().count("x/.cbtctl") == 0);
  }
}
