// What each verb would do, in which order, and what it leaves alone.
#include "tests/support/catch.h"

#include "tests/support/workshop.h"

using namespace support;
using cbtctl::model::CbtState;
using Steps = std::vector<std::string>;

namespace {

std::string text_after(const repair::Plan& plan, const std::string& path) {
  std::string text;
  for (const auto& machine : plan.machines) {
    for (const auto& change : machine.changes) {
      if (change.spot.path == path) text = change.content_after;
    }
  }
  return text;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("reset turns keys off, takes lines out, moves CTK files aside, and turns keys on last") {
  const Workshop shop(two_disks());
  const auto plan = shop.plan("reset");
  CHECK(steps_of(plan) == Steps{"edit x/x.vmx", "edit x/x.vmdk", "edit x/x_1.vmdk", "quarantine x/x-ctk.vmdk",
                                "quarantine x/x_1-ctk.vmdk", "edit x/x.vmx"});
  const auto& first = plan.machines[0].changes.front();
  CHECK(count(first.content_after, "\"FALSE\"") == 3);  // both levels
  CHECK(text_after(plan, "x/x.vmx") == first.content_before);
  CHECK(text_after(plan, "x/x.vmdk").find("changeTrackPath") == std::string::npos);
  CHECK(text_after(plan, "x/x.vmdk").find("version=1") != std::string::npos);
  CHECK(plan.machines[0].promised ==
        std::vector<std::pair<std::string, CbtState>>{{"scsi0:0", CbtState::pending}, {"scsi0:1", CbtState::pending}});
}

TEST_CASE("any prefix of a plan is CBT off") {
  const std::string verb = GENERATE("reset", "enable", "disable");
  auto files = two_disks();
  if (verb == "enable") files["x/x-ctk.vmdk"] = small_tracking(1024);  // broken
  Workshop shop(files);
  const auto plan = shop.begun(verb);
  REQUIRE(plan.machines.size() == 1);
  for (const auto& change : plan.machines[0].changes) {
    if (change.kind == repair::ChangeKind::edit)
      shop.disk.put(change.spot.path, change.content_after);
    else
      shop.disk.erase(change.spot.path);
    const bool last = &change == &plan.machines[0].changes.back();
    INFO(verb << " after " << change.spot.path << ": " << change.description);
    const std::string state = shop.state("x/x.vmx");
    CHECK((state == "off" || state == "leftover" || (last && state == "pending")));
  }
}

TEST_CASE("a disk that stays tracked never loses its VM key in between") {
  auto files = two_disks();
  files["x/x_1-ctk.vmdk"] = small_tracking(1024);  // broken; scsi0:0 stays tracked
  const Workshop shop(files);
  const auto plan = shop.plan("enable");
  CHECK(steps_of(plan) == Steps{"edit x/x.vmx", "edit x/x_1.vmdk", "quarantine x/x_1-ctk.vmdk", "edit x/x.vmx"});
  const std::string between = plan.machines[0].changes.front().content_after;
  CHECK(between.find("\nctkEnabled = \"TRUE\"") != std::string::npos);
  CHECK(between.find("scsi0:0.ctkEnabled = \"TRUE\"") != std::string::npos);
  CHECK(between.find("scsi0:1.ctkEnabled = \"FALSE\"") != std::string::npos);
}

TEST_CASE("disable sets both levels FALSE, edits keys in place whatever their case, and adds a missing one once") {
  auto files = two_disks();
  files["x/x.vmx"] = vmx("x.vmdk",
                         "CtkEnabled = \"true\"\nSCSI0:0.CTKENABLED = \"TRUE\"\nscsi0:1.present = \"TRUE\"\n"
                         "scsi0:1.fileName = \"x_1.vmdk\"\n");
  const Workshop shop(files);
  const std::string text = text_after(shop.plan("disable"), "x/x.vmx");
  CHECK(text.find("CtkEnabled = \"FALSE\"") != std::string::npos);
  CHECK(text.find("SCSI0:0.CTKENABLED = \"FALSE\"") != std::string::npos);
  CHECK(count(formats::text::lower(text), "ctkenabled") == 3);
  CHECK(text.find("scsi0:1.ctkEnabled = \"FALSE\"") != std::string::npos);
}

TEST_CASE("--disk leaves the VM's key and the other disk") {
  const Workshop shop(two_disks());
  auto request = request_for("disable");
  request.whole_machine = false;
  request.has_slot = [](const std::string& slot) { return slot == "scsi0:1"; };
  const auto plan = shop.plan(request);
  CHECK(steps_of(plan) == Steps{"edit x/x.vmx", "edit x/x_1.vmdk", "quarantine x/x_1-ctk.vmdk"});
  const std::string text = text_after(plan, "x/x.vmx");
  CHECK(text.find("\nctkEnabled = \"TRUE\"") != std::string::npos);
  CHECK(text.find("scsi0:0.ctkEnabled = \"TRUE\"") != std::string::npos);
}

TEST_CASE("a version other than 3 is left and told") {
  auto files = healthy();
  auto& text = files["x/x.vmdk"];
  text.replace(text.find("version=3"), 9, "version=4");
  const Workshop shop(files);
  const auto plan = shop.plan("disable");
  CHECK(text_after(plan, "x/x.vmdk").find("version=4") != std::string::npos);
  CHECK(plan.machines.at(0).changes.at(1).description == "tracking section out, version 4 is left");
}

TEST_CASE("reset never turns CBT on where it was not") {
  const Workshop shop(off());
  const auto plan = shop.plan("reset");
  CHECK(plan.machines.empty());
  REQUIRE(plan.unchanged.size() == 1);
  CHECK(plan.unchanged[0].message == "CBT is off here; use enable");
}

TEST_CASE("what is as it shall be stays unchanged") {
  CHECK(Workshop(off()).plan("disable").unchanged.at(0).message == "CBT is off already");
  CHECK(Workshop(healthy()).plan("enable").unchanged.at(0).message == "CBT is on already");
  const Files fresh = with(off(), {{"x/x.vmx", vmx("x.vmdk", both_keys)}});
  CHECK(Workshop(fresh).plan("enable").unchanged.at(0).message ==
        "CBT is on already, tracking starts at the next power-on");
  CHECK(Workshop(fresh).plan("reset").unchanged.at(0).message == "tracking starts anew at the next power-on as it is");
}

TEST_CASE("a CTK file at the default name is out of the way before a key turns TRUE") {
  const Files files = with(off(), {{"x/x-ctk.vmdk", small_tracking()}});
  const auto plan = Workshop(files).plan("enable");
  CHECK(steps_of(plan) == Steps{"quarantine x/x-ctk.vmdk", "edit x/x.vmx"});
}

TEST_CASE("enable takes tracking off a disk that cannot be tracked") {
  auto files = two_disks();
  files["x/x.vmx"] += "scsi0:1.mode = \"independent-persistent\"\n";
  files["x/x-ctk.vmdk"] = small_tracking(1024);
  const auto plan = Workshop(files).plan("enable");
  const std::string text = text_after(plan, "x/x.vmx");
  CHECK(text.find("scsi0:1.ctkEnabled = \"FALSE\"") != std::string::npos);
  CHECK(text.find("scsi0:0.ctkEnabled = \"TRUE\"") != std::string::npos);
  CHECK(text_after(plan, "x/x_1.vmdk").find("changeTrackPath") == std::string::npos);
}

TEST_CASE("a linked clone's golden image is never written") {
  auto files = with_snapshot();
  files.erase("x/x.vmsd");
  files["golden/golden.vmtx"] = vmx("x.vmdk");
  for (const char* name : {"x.vmdk", "x-flat.vmdk", "x-ctk.vmdk"}) {
    files["golden/" + std::string(name)] = files["x/" + std::string(name)];
    files.erase("x/" + std::string(name));
  }
  files["x/x-000001.vmdk"] = small_delta("x-000001-delta.vmdk", "../golden/x.vmdk", "x-000001-ctk.vmdk");
  const auto plan = Workshop(files).plan("reset");
  REQUIRE(plan.machines.size() == 1);
  for (const auto& step : steps_of(plan)) CHECK(step.find("golden/") == std::string::npos);
  CHECK(reason_of(plan) == "template");
}

TEST_CASE("a disk of another target is changed there") {
  MemoryDisk first;
  MemoryDisk second;
  first.put("x/x.vmx", vmx("/mnt/two/data/x.vmdk", both_keys));
  second.put("data/x.vmdk", small_descriptor("x-flat.vmdk", "x-ctk.vmdk"));
  second.put("data/x-flat.vmdk", small_flat());
  second.put("data/x-ctk.vmdk", small_tracking());
  const auto look = [&] { return scan({{"/mnt/one", first.place()}, {"/mnt/two", second.place()}}); };
  const std::vector<repair::Site> sites{{"/mnt/one", first.writer()}, {"/mnt/two", second.writer()}};
  const Files before = contents_of(second);
  auto plan = repair::make_plan(look(), {}, request_for("disable"), sites);
  REQUIRE(plan.machines.size() == 1);
  REQUIRE(repair::seal(plan.machines[0], repair::sites_of(plan.machines[0], sites)));
  MemoryJournal journal;
  const repair::Means means{sites, journal, [&](const repair::MachinePlan&) { return look(); }};
  const auto result = repair::carry_out(plan, plan.machines[0], means);
  CHECK(result.outcome == Outcome::changed);
  CHECK(contents_of(second).count("data/x-ctk.vmdk") == 0);
  CHECK(second.folders().count("data/.cbtctl") == 1);
  CHECK(repair::take_back(plan, plan.machines[0], means).outcome == Outcome::restored);
  CHECK(contents_of(second) == before);
  CHECK(second.folders().count("data/.cbtctl") == 0);
}

TEST_CASE("a plan survives its text, and a text that leads out is none") {
  const Workshop shop(two_disks());
  const auto plan = shop.begun("reset");
  const std::string text = repair::to_text(plan);
  const auto back = repair::plan_from_text(text);
  REQUIRE(back);
  CHECK(repair::to_text(*back) == text);
  for (const std::string& cut : {text.substr(0, text.size() / 2), std::string(), std::string("{}")})
    CHECK_FALSE(repair::plan_from_text(cut));
  auto evil = plan;
  evil.machines[0].changes[0].spot.path = "../../etc/passwd";
  CHECK_FALSE(repair::plan_from_text(repair::to_text(evil)));
  evil.machines[0].changes[0].spot = {7, "x/x.vmx"};
  CHECK_FALSE(repair::plan_from_text(repair::to_text(evil)));
}

TEST_CASE("run ids grow also where the clock was set back") {
  const std::string future = "20990101T000000Z-ffff";
  CHECK(repair::new_run_id(future) > future);
  std::string newest = repair::new_run_id();
  for (int i = 0; i < 2000; ++i) {
    const std::string next = repair::new_run_id(newest);
    REQUIRE(next > newest);
    REQUIRE(repair::is_run_id(next));
    newest = next;
  }
  CHECK(repair::is_run_id(repair::new_run_id()));
  CHECK_FALSE(repair::is_run_id("lock"));
  CHECK_FALSE(repair::is_run_id("20990101T000000Z-../x"));
}
