// Every reason to refuse on a mount has a machine that meets it, and the same machine without the reason is changed.
#include "tests/support/catch.h"

#include "tests/support/workshop.h"

using namespace support;

namespace {

const std::vector<std::string> verbs{"enable", "disable", "reset"};

// Broken, so that each verb has something to do.
Files subject() { return with(healthy(), {{"x/x-ctk.vmdk", small_tracking(1024)}}); }
Files subject(const std::string& more) { return with(subject(), {{"x/x.vmx", vmx("x.vmdk", both_keys + more)}}); }

// "shared-disk, why", of one machine; empty if it is not refused.
std::string why_refused(const repair::Plan& plan, const std::string& vm) {
  for (const auto& each : plan.refused) {
    if (each.vm == vm) return std::string(name_of(each.reason)) + ", " + each.message;
  }
  return {};
}

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

TEST_CASE("and so it does beside a backup proxy's leftover that holds its base") {
  const std::string nonpersistent = "scsi0:0.mode = \"independent-nonpersistent\"\n";
  const auto files = with(without(with_snapshot(), "x/x.vmsd"), {{"x/x-000001-ctk.vmdk", small_tracking(1024)},
                                                                 {"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}});
  for (const auto& verb : verbs)
    CHECK(why_refused(Workshop(files).plan(verb), "x/x.vmx").starts_with("needs-consolidation, "));
}

TEST_CASE("a tracked base that another machine's stale list froze is that machine's, and held below the delta") {
  const auto refused = [](const std::string& base) {
    const auto plan =
        Workshop(with(without(with_snapshot(), "x/x.vmsd"), {{"x/x-000001-ctk.vmdk", small_tracking(1024)},
                                                             {"x/x.vmdk", base},
                                                             {"x/old.vmx", vmx("old.vmdk", "uuid.bios = \"old\"\n")},
                                                             {"x/old.vmdk", small_descriptor("old-flat.vmdk")},
                                                             {"x/old-flat.vmdk", small_flat()},
                                                             {"x/old.vmsd", snapshots("x.vmdk")}}))
            .plan("reset");
    return why_refused(plan, "x/x.vmx");
  };
  CHECK(refused(small_descriptor("x-flat.vmdk", "x-ctk.vmdk")) ==
        "shared-disk, scsi0:0: another machine holds x.vmdk below it");
  CHECK(refused(small_descriptor("x-flat.vmdk")).empty());  // maybe the golden image that it was cloned from
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

// --- whose the links are
// ----------------------------------------------------------------------------------------------

namespace {

// d/d-000001.vmdk over d/d.vmdk, of a machine in another folder that was not consolidated.
Files failed_elsewhere() {
  return {{"a/a.vmx", vmx("../d/d-000001.vmdk", both_keys)},
          {"a/a.vmsd", ""},
          {"d/d.vmdk", small_descriptor("d-flat.vmdk", "d-ctk.vmdk")},
          {"d/d-flat.vmdk", small_flat()},
          {"d/d-ctk.vmdk", small_tracking(1024)},
          {"d/d-000001.vmdk", small_delta("d-000001-delta.vmdk", "d.vmdk", "d-000001-ctk.vmdk")},
          {"d/d-000001-delta.vmdk", small_cowd()},
          {"d/d-000001-ctk.vmdk", small_tracking(1024)}};
}
const std::string nonpersistent = "scsi0:0.mode = \"independent-nonpersistent\"\n";

}  // namespace

TEST_CASE("a machine that needs consolidation is refused whoever else holds its disks") {
  Files failed = without(with_snapshot(), "x/x.vmsd");
  failed["x/x-000001-ctk.vmdk"] = small_tracking(1024);
  const std::vector<Files> others{{},
                                  {{"x/app-before.vmx", vmx("x.vmdk", both_keys)}},
                                  {{"p/p.vmx", vmx("../x/x.vmdk", nonpersistent)}},
                                  {{"p/p.vmx", vmx("../x/x.vmdk")}}};
  for (const auto& verb : verbs) {
    for (const Files& other : others) {
      const auto plan = Workshop(with(failed, other)).plan(verb);
      CHECK(std::none_of(plan.machines.begin(), plan.machines.end(),
                         [](const auto& each) { return each.vm == "x/x.vmx"; }));
      CHECK(std::any_of(plan.refused.begin(), plan.refused.end(), [](const auto& each) {
        return each.vm == "x/x.vmx" && each.reason == Reason::needs_consolidation;
      }));
    }
  }
}

TEST_CASE("a failed consolidation in another folder is refused, also where another machine holds the base") {
  for (const auto& verb : verbs) {
    CHECK(reason_of(Workshop(failed_elsewhere()).plan(verb)) == "needs-consolidation");
    const auto held = Workshop(with(failed_elsewhere(), {{"p/p.vmx", vmx("../d/d.vmdk")}})).plan(verb);
    CHECK(held.machines.empty());
    CHECK(reason_of(held) == "shared-disk");
    const auto read = Workshop(with(failed_elsewhere(), {{"p/p.vmx", vmx("../d/d.vmdk", nonpersistent)}})).plan(verb);
    CHECK(reason_of(read) == "needs-consolidation");
  }
}

TEST_CASE("a disk of a third folder that two machines have is written by neither") {
  const Files files{{"a/a.vmx", vmx("../d/d.vmdk", both_keys)},
                    {"b/b.vmx", vmx("../d/d.vmdk", both_keys)},
                    {"d/d.vmdk", small_descriptor("d-flat.vmdk", "d-ctk.vmdk")},
                    {"d/d-flat.vmdk", small_flat()},
                    {"d/d-ctk.vmdk", small_tracking(1024)}};
  for (const auto& verb : verbs) {
    const auto plan = Workshop(files).plan(verb);
    CHECK(plan.machines.empty());
    REQUIRE(plan.refused.size() == 2);
    for (const auto& each : plan.refused) CHECK(each.reason == Reason::shared_disk);
  }
}

TEST_CASE("nothing is written for a disk that is another machine's") {
  const Files files = with(healthy(), {{"n/n.vmx", vmx("../x/x.vmdk", both_keys)}});
  for (const auto& verb : verbs) {
    auto plan = Workshop(files).plan(verb);
    CHECK(plan.machines.empty());
    if (verb != "enable") CHECK(plan.refused.size() == 2);
  }
}

TEST_CASE("what ctkDisallowed left behind is taken out, and its keys stay") {
  const Files files = with(healthy(), {{"x/x.vmx", vmx("x.vmdk", both_keys + "ctkDisallowed = \"TRUE\"\n")}});
  Workshop shop(files);
  const auto result = shop.run("repair");
  INFO(told(result));
  CHECK(result.outcome == Outcome::changed);
  CHECK(shop.state("x/x.vmx") == "off");
  CHECK(contents_of(shop.disk).at("x/x.vmx") == files.at("x/x.vmx"));
  CHECK_FALSE(contents_of(shop.disk).contains("x/x-ctk.vmdk"));
}

TEST_CASE("what an independent mode left behind is taken out") {
  Workshop shop(with(healthy(), {{"x/x.vmx", vmx("x.vmdk", "scsi0:0.mode = \"independent-persistent\"\n")}}));
  const auto result = shop.run("repair");
  INFO(told(result));
  CHECK(result.outcome == Outcome::changed);
  CHECK_FALSE(contents_of(shop.disk).contains("x/x-ctk.vmdk"));
  CHECK(contents_of(shop.disk).at("x/x.vmdk").find("changeTrackPath") == std::string::npos);
}

TEST_CASE("another configuration of the same machine, off and on the same disk, is no obstacle and no way back's end") {
  const std::string uuid = "uuid.bios = \"56 4d\"\n";
  const Files files = with(healthy(), {{"x/x.vmx", vmx("x.vmdk", both_keys + uuid + "displayName = \"x\"\n")},
                                       {"x/x-before.vmx", vmx("x.vmdk", both_keys + uuid)}});
  for (const std::string verb : {"disable", "reset"}) {
    Workshop shop(files);
    auto request = request_for(verb);
    request.selected = [](const auto& machine) { return machine.settings.display_name == "x"; };
    const auto plan = shop.begun(request);
    REQUIRE(plan.machines.size() == 1);
    const Files before = contents_of(shop.disk);
    const auto done = shop.carry_out(plan);
    INFO(told(done));
    CHECK(done.outcome == Outcome::changed);
    CHECK(shop.state("x/x-before.vmx") == "pending");
    CHECK(shop.take_back(plan).outcome == Outcome::restored);
    CHECK(contents_of(shop.disk) == before);
  }
}

TEST_CASE("a configuration of the same machine on a delta of the disk, or not proven off, is an obstacle") {
  const std::string uuid = "uuid.bios = \"56 4d\"\n";
  Files files = with(without(with_snapshot(), "x/x.vmsd"), {{"x/x.vmx", vmx("x-000001.vmdk", both_keys + uuid)},
                                                            {"x/x-before.vmx", vmx("x.vmdk", both_keys + uuid)}});
  for (const auto& verb : {"disable", "reset"}) CHECK(Workshop(files).plan(verb).machines.empty());
  files = with(healthy(), {{"x/x.vmx", vmx("x.vmdk", both_keys + uuid)}, {"x/y.vmx", vmx("x.vmdk", uuid)}});
  std::string& theirs = files["x/y.vmx"];
  theirs.replace(theirs.find("cleanShutdown = \"TRUE\""), 22, "cleanShutdown = \"FALSE\"");
  for (const auto& verb : {"disable", "reset"}) CHECK(Workshop(files).plan(verb).machines.empty());
}

TEST_CASE("a disk in the folder of a machine that cannot be read may be that machine's") {
  Files files{{"a/a.vmx", vmx("../y/y.vmdk", both_keys)},
              {"y/y.vmdk", small_descriptor("y-flat.vmdk", "y-ctk.vmdk")},
              {"y/y-flat.vmdk", small_flat()},
              {"y/y-ctk.vmdk", small_tracking()}};
  CHECK(Workshop(files).plan("disable").machines.size() == 1);
  files["y/y.vmx"] = std::string(64, '\0');
  for (const auto& verb : {"disable", "reset"}) {
    const auto plan = Workshop(files).plan(verb);
    CHECK(plan.machines.empty());
    REQUIRE(plan.refused.size() >= 1);
  }
}
