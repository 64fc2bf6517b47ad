// What may become tracked: no verb makes a disk so, and the way back only where no write can have been missed.
#include "tests/support/catch.h"

#include <nlohmann/json.hpp>

#include "tests/support/faulty_writer.h"
#include "tests/support/workshop.h"

using namespace support;

namespace {

const std::string no_keys = "ctkEnabled = \"FALSE\"\nscsi0:0.ctkEnabled = \"FALSE\"\n";

// Off, and the descriptor still names an old CTK file.
Files leftover() { return with(healthy(), {{"x/x.vmx", vmx("x.vmdk", no_keys)}}); }

void turn_keys_on(Workshop& shop) {
  std::string text = shop.disk.files().at("x/x.vmx")->content;
  for (std::size_t at = 0; (at = text.find("nabled = \"FALSE\"", at)) != std::string::npos;)
    text.replace(at, 16, "nabled = \"TRUE\"");
  shop.disk.put("x/x.vmx", text, 0755);
}

void run_machine(Workshop& shop) {
  shop.disk.touch("x/x-flat.vmdk");
  shop.disk.put("x/vmware.log", "VMX exit (0).\n");
}

bool is_locked(const Workshop& shop) { return shop.disk.folders().contains("x/.cbtctl/lock"); }

// The event happens right before the change of that number, and that change fails or does not.
void disturb(Workshop& shop, int at, bool fails, std::function<void()> event) {
  auto count = std::make_shared<int>(0);
  shop.use(std::make_unique<RefusingWriter>(shop.disk.writer(), [=](const std::string&) {
    const bool now = (*count)++ == at;
    if (now) event();
    return now && fails;
  }));
}

// What lay there, and the log of a machine that ran.
Files before_with(const Workshop& shop, Files before) {
  const auto& files = shop.disk.files();
  if (files.contains("x/vmware.log")) before["x/vmware.log"] = files.at("x/vmware.log")->content;
  return before;
}

// A virtual RDM: the guest's writes go to a raw device, and nothing beside it shows them.
Files raw_device(const std::string& keys) {
  Files files = with(healthy(), {{"x/x.vmx", vmx("x.vmdk", keys + "nvram = \"x.nvram\"\n")}, {"x/x.nvram", "nvram"}});
  std::string& text = files["x/x.vmdk"];
  text.replace(text.find("\"vmfs\""), 6, "\"vmfsRawDeviceMap\"");
  text.replace(text.find("VMFS \"x-flat.vmdk\""), 18, "VMFSRDM \"x-rdm.vmdk\"");
  files["x/x-rdm.vmdk"] = small_flat();
  files.erase("x/x-flat.vmdk");
  return files;
}

}  // namespace

TEST_CASE("undo refuses where a disk would be tracked over a table that is not its own any more") {
  for (const bool by_hand : {false, true}) {
    Workshop shop(leftover());
    const auto first = shop.begun("repair");
    REQUIRE(shop.carry_out(first).outcome == Outcome::changed);
    if (by_hand) turn_keys_on(shop);
    if (!by_hand) REQUIRE(shop.run("enable").outcome == Outcome::changed);
    REQUIRE(shop.state("x/x.vmx") == "pending");
    const Files before = contents_of(shop.disk);
    const auto result = shop.take_back(first);
    INFO(told(result));
    CHECK(reason_of(result) == "would-be-tracked");
    CHECK(contents_of(shop.disk) == before);
    CHECK_FALSE(is_locked(shop));
  }
}

TEST_CASE("undo of the later run first, and the earlier one may be taken back") {
  Workshop shop(leftover());
  const auto first = shop.begun("repair");
  REQUIRE(shop.carry_out(first).outcome == Outcome::changed);
  const auto second = shop.begun("enable");
  REQUIRE(shop.carry_out(second).outcome == Outcome::changed);
  CHECK(shop.take_back(second).outcome == Outcome::restored);
  CHECK(shop.take_back(first).outcome == Outcome::restored);
  CHECK(contents_of(shop.disk) == leftover());
}

TEST_CASE("an undo that tracks nothing does not mind another edit of the configuration") {
  Workshop shop(leftover());
  const auto plan = shop.begun("repair");
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  shop.disk.put("x/x.vmx", shop.disk.files().at("x/x.vmx")->content + "memSize = \"4096\"\n", 0755);
  CHECK(shop.take_back(plan).outcome == Outcome::restored);
  CHECK(shop.state("x/x.vmx") == "leftover");
}

TEST_CASE("a recovery does not track a disk whose keys somebody turned on meanwhile") {
  bool ended = false;
  int begun = 0;
  for (std::size_t moment = 0; !ended; ++moment) {
    Workshop shop(leftover());
    Moments moments{.last = moment};
    shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
    static_cast<void>(shop.carry_out(shop.begun("repair")));
    ended = !moments.is_over();
    shop.use(shop.disk.writer());
    turn_keys_on(shop);
    const bool is_hers = shop.state("x/x.vmx") == "tracked";  // the line was there yet
    std::string story;
    for (const auto& result : shop.recover("x")) story += told(result) + "; ";
    INFO("stopped after " << moment << ": " << story);
    CHECK_FALSE(is_locked(shop));
    if (!is_hers) CHECK(shop.state("x/x.vmx") == "pending");
    begun += is_hers ? 0 : 1;
  }
  CHECK(begun > 2);
}

TEST_CASE("a step that fails is not rolled back once the machine may have run, and the next verb goes on") {
  int stopped = 0;
  for (int which = 0; which < 60; ++which) {
    Workshop shop(healthy());
    const auto plan = shop.begun("reset");
    const Files before = contents_of(shop.disk);
    bool came = false;
    disturb(shop, which, true, [&] {
      came = true;
      run_machine(shop);
    });
    const auto result = shop.carry_out(plan);
    shop.use(shop.disk.writer());
    if (!came) break;
    INFO("change " << which << " failed: " << told(result));
    const bool has_begun = contents_of(shop.disk) != before_with(shop, before);
    if (has_begun) CHECK(shop.state("x/x.vmx") != "tracked");
    if (has_begun && result.outcome == Outcome::failed) {
      ++stopped;
      CHECK(is_locked(shop));
    }
    static_cast<void>(shop.recover("x"));
    CHECK_FALSE(is_locked(shop));
    CHECK(shop.state("x/x.vmx") == (has_begun ? "pending" : "tracked"));
  }
  CHECK(stopped > 3);
}

TEST_CASE("a repair that fails is not rolled back over keys that somebody turned on") {
  int stopped = 0;
  for (int which = 0; which < 60; ++which) {
    Workshop shop(leftover());
    const auto plan = shop.begun("repair");
    bool came = false;
    bool is_hers = false;
    disturb(shop, which, true, [&] {
      came = true;
      turn_keys_on(shop);
      is_hers = shop.state("x/x.vmx") == "tracked";
    });
    const auto result = shop.carry_out(plan);
    shop.use(shop.disk.writer());
    if (!came) break;
    INFO("change " << which << " failed: " << told(result));
    if (is_hers) continue;
    CHECK(shop.state("x/x.vmx") != "tracked");
    if (!is_locked(shop) || result.outcome == Outcome::changed) continue;  // the lock's own end failed
    ++stopped;
    CHECK(result.outcome == Outcome::failed);
    const std::string& text = shop.disk.files().at("x/x.vmx")->content;
    CHECK(text.find("\nctkEnabled = \"FALSE\"") != std::string::npos);  // off until somebody sets it again
    static_cast<void>(shop.recover("x"));
    CHECK_FALSE(is_locked(shop));
    CHECK(shop.state("x/x.vmx") == "leftover");
  }
  CHECK(stopped > 0);
}

TEST_CASE("undo asks again under the lock, and again behind its last step") {
  int refused = 0;
  int stopped = 0;
  for (int which = 0; which < 60; ++which) {
    Workshop shop(healthy());
    const auto plan = shop.begun("reset");
    REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
    const Files changed = contents_of(shop.disk);
    bool came = false;
    bool is_back = false;  // she powers on a machine that is whole again
    disturb(shop, which, false, [&] {
      came = true;
      is_back = shop.state("x/x.vmx") == "tracked";
      run_machine(shop);
    });
    const auto result = shop.take_back(plan);
    shop.use(shop.disk.writer());
    if (!came) break;
    INFO("it ran before change " << which << ": " << told(result));
    if (is_back) continue;
    CHECK(shop.state("x/x.vmx") != "tracked");
    if (result.outcome == Outcome::refused) {
      ++refused;
      CHECK(result.reason == Reason::ran_since);
      for (const char* path : {"x/x.vmx", "x/x.vmdk"}) CHECK(contents_of(shop.disk).at(path) == changed.at(path));
      CHECK_FALSE(is_locked(shop));
      continue;
    }
    ++stopped;
    CHECK(result.outcome == Outcome::failed);
    CHECK(is_locked(shop));
    CHECK(shop.recover("x").back().outcome == Outcome::changed);
    CHECK(shop.state("x/x.vmx") == "pending");
  }
  CHECK(refused > 2);
  CHECK(stopped > 3);
}

TEST_CASE("no key turns TRUE once the machine may be on") {
  int stopped = 0;
  for (int which = 0; which < 60; ++which) {
    Workshop again(healthy());
    bool came = false;
    bool is_late = false;
    disturb(again, which, false, [&] {
      came = true;
      is_late = again.state("x/x.vmx") == "pending";
      again.disk.put("x/x.vmx.lck", "");
    });
    const auto result = again.carry_out(again.begun("reset"));
    again.use(again.disk.writer());
    if (!came) break;
    if (is_late || contents_of(again.disk).contains("x/x-ctk.vmdk")) continue;
    INFO("it was powered on before change " << which << ": " << told(result));
    CHECK(result.outcome == Outcome::failed);
    CHECK(is_locked(again));
    stopped += again.state("x/x.vmx") == "off" ? 1 : 0;
  }
  CHECK(stopped > 0);
}

TEST_CASE("a run that leaves the VM's key FALSE leaves no CTK line, also of a disk that was not selected") {
  Files files = two_disks();
  for (std::size_t at = 0; (at = files["x/x.vmx"].find("nabled = \"TRUE\"", at)) != std::string::npos;)
    files["x/x.vmx"].replace(at, 15, "nabled = \"FALSE\"");
  for (const char* verb : {"disable", "repair"}) {
    Workshop shop(files);
    REQUIRE(shop.state("x/x.vmx", "scsi0:1") == "leftover");
    auto request = request_for(verb);
    request.has_slot = [](const std::string& slot) { return slot == "scsi0:0"; };
    request.whole_machine = false;
    const auto plan = shop.begun(request);
    REQUIRE(plan.machines.size() == 1);
    REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
    CHECK(shop.state("x/x.vmx", "scsi0:0") == "off");
    CHECK(shop.state("x/x.vmx", "scsi0:1") == "off");
    CHECK(shop.take_back(plan).outcome == Outcome::restored);
    CHECK(contents_of(shop.disk) == files);
  }
}

TEST_CASE("a disk alone: the VM's key and the other disk's tracking stay") {
  Workshop shop(two_disks());
  auto request = request_for("disable");
  request.has_slot = [](const std::string& slot) { return slot == "scsi0:0"; };
  request.whole_machine = false;
  REQUIRE(shop.carry_out(shop.begun(request)).outcome == Outcome::changed);
  CHECK(shop.state("x/x.vmx", "scsi0:1") == "tracked");
}

TEST_CASE("of a raw device the times of the configuration tell that the machine ran") {
  const std::vector<std::pair<const char*, std::function<void(Workshop&)>>> signs{
      {"nothing", [](Workshop&) {}},
      {"ESXi wrote the same .vmx again", [](Workshop& shop) { shop.disk.touch("x/x.vmx"); }},
      {"ESXi wrote the nvram", [](Workshop& shop) { shop.disk.touch("x/x.nvram"); }}};
  for (const char* verb : {"reset", "disable"}) {
    for (const auto& [sign, make] : signs) {
      Workshop shop(raw_device(both_keys));
      const auto plan = shop.begun(verb);
      REQUIRE(plan.machines.size() == 1);
      REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
      make(shop);
      const auto result = shop.take_back(plan);
      INFO(verb << ", " << sign << ": " << told(result));
      CHECK((result.outcome == Outcome::restored) == (std::string(sign) == "nothing"));
      if (result.outcome == Outcome::restored) CHECK(contents_of(shop.disk) == raw_device(both_keys));
      if (result.outcome != Outcome::restored) CHECK(result.reason == Reason::ran_since);
    }
  }
}

TEST_CASE("of a raw device whose configuration was not edited its times count from the plan on") {
  Workshop shop(raw_device(no_keys));
  const auto plan = shop.begun("repair");
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  shop.disk.touch("x/x.vmx");
  CHECK(reason_of(shop.take_back(plan)) == "ran-since");
}

TEST_CASE("a run of 0.1.0, which watched nothing, is taken back") {
  for (const auto& [verb, files] : std::vector<std::pair<std::string, Files>>{
           {"reset", two_disks()}, {"disable", two_disks()}, {"repair", leftover()}}) {
    Workshop shop(files);
    const auto plan = shop.begun(verb);
    auto text = nlohmann::json::parse(repair::to_text(plan));
    for (auto& machine : text["machines"]) {
      for (const char* key : {"watched", "end"}) CHECK(machine.erase(key) == 1);
    }
    auto old = repair::plan_from_text(text.dump());
    REQUIRE(old);
    CHECK(old->machines.at(0).watched.empty());
    REQUIRE(shop.carry_out(*old).outcome == Outcome::changed);
    CHECK(shop.take_back(*old).outcome == Outcome::restored);
    CHECK(contents_of(shop.disk) == files);
  }
}

TEST_CASE("what a plan watches, and the run's end, survive its text") {
  Workshop shop(raw_device(both_keys));
  auto plan = shop.begun("reset");
  REQUIRE(plan.machines.at(0).watched.size() == 2);
  plan.machines[0].end = {{{0, "x/x.vmx"}, true, 7, 8, 9}};
  const auto again = repair::plan_from_text(repair::to_text(plan));
  REQUIRE(again);
  CHECK(repair::to_text(*again) == repair::to_text(plan));
  CHECK(again->machines[0].watched[0].sha256 == plan.machines[0].watched[0].sha256);
  CHECK(again->machines[0].end[0].modified_ns == 8);
}

TEST_CASE("of a raw device a run that was stopped is not taken back over a configuration that was written since") {
  bool ended = false;
  int forward = 0;
  for (std::size_t moment = 0; !ended; ++moment) {
    Workshop shop(raw_device(both_keys));
    const Files before = contents_of(shop.disk);
    Moments moments{.last = moment};
    shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
    static_cast<void>(shop.carry_out(shop.begun("reset")));
    ended = !moments.is_over();
    shop.use(shop.disk.writer());
    const bool has_begun = contents_of(shop.disk) != before;
    shop.disk.touch("x/x.vmx");  // it ran, and ESXi wrote the same bytes
    std::string story;
    for (const auto& result : shop.recover("x")) story += told(result) + "; ";
    INFO("stopped after " << moment << ": " << story);
    CHECK_FALSE(is_locked(shop));
    CHECK(shop.state("x/x.vmx") == (has_begun ? "pending" : "tracked"));
    forward += has_begun ? 1 : 0;
  }
  CHECK(forward > 3);
}

TEST_CASE("of a raw device a run that was stopped before its first change is tidied, and one that fails there too") {
  for (int which = 0; which < 3; ++which) {
    Workshop shop(raw_device(both_keys));
    const Files before = contents_of(shop.disk);
    disturb(shop, which, true, [] {});
    const auto result = shop.carry_out(shop.begun("reset"));
    INFO(told(result));
    CHECK(contents_of(shop.disk) == before);
    CHECK_FALSE(is_locked(shop));
  }
}

TEST_CASE("undo tracks no disk of another machine either") {
  const std::string theirs = vmx("../x/x.vmdk", both_keys);
  Workshop shop(leftover());
  const auto plan = shop.begun("repair");
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  shop.disk.put("n/n.vmx", theirs, 0755);
  REQUIRE(shop.state("n/n.vmx") == "off");  // another machine's disk, which ESXi does not ask
  const Files before = contents_of(shop.disk);
  CHECK(reason_of(shop.take_back(plan)) == "would-be-tracked");
  CHECK(contents_of(shop.disk) == before);
}

TEST_CASE("undo of clean brings no table back that a descriptor names by now") {
  for (const bool is_owned : {false, true}) {
    Files files{{"x/y-ctk.vmdk", small_tracking()}};
    if (is_owned) files.merge(off());
    Workshop shop(files);
    auto request = request_for("clean");
    request.least_age_ns = 0;
    const auto plan = shop.begun(request);
    REQUIRE(plan.machines.size() == 1);
    REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
    shop.disk.put("x/n.vmx", vmx("y.vmdk", both_keys), 0755);
    shop.disk.put("x/y.vmdk", small_descriptor("y-flat.vmdk", "y-ctk.vmdk"), 0600);
    shop.disk.put("x/y-flat.vmdk", small_flat(), 0600);
    REQUIRE(shop.state("x/n.vmx") == "broken");
    CHECK(reason_of(shop.take_back(plan)) == "would-be-tracked");
    CHECK(shop.state("x/n.vmx") == "broken");
  }
}

TEST_CASE("undo of clean does not mind another edit, since nothing names what comes back") {
  Workshop shop(with(off(), {{"x/x.vmx", vmx("x.vmdk", both_keys)}, {"x/x-ctk.vmdk", small_tracking()}}));
  auto request = request_for("clean");
  request.least_age_ns = 0;
  const auto plan = shop.begun(request);
  REQUIRE(plan.machines.size() == 1);
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  shop.disk.put("x/x.vmx", shop.disk.files().at("x/x.vmx")->content + "memSize = \"4096\"\n", 0755);
  CHECK(shop.take_back(plan).outcome == Outcome::restored);
}

TEST_CASE("nothing goes back or on while another machine that holds the disk is not proven off") {
  const auto start_another = [](Workshop& shop) {
    std::string theirs = vmx("../x/x.vmdk", both_keys);
    theirs.replace(theirs.find("cleanShutdown = \"TRUE\""), 22, "cleanShutdown = \"FALSE\"");
    shop.disk.put("n/n.vmx", theirs, 0755);
    shop.disk.put("n/n.vmx.lck", "");
    shop.disk.put("n/n.vswp", "");
  };
  Workshop shop(healthy());
  const auto plan = shop.begun("disable");
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  start_another(shop);
  const auto result = shop.take_back(plan);
  CHECK(reason_of(result) == "ran-since");
  CHECK(result.message.find("n/n.vmx") != std::string::npos);
  CHECK(shop.state("x/x.vmx") == "off");
  for (int which = 0; which < 60; ++which) {
    Workshop other(healthy());
    const auto reset = other.begun("reset");
    bool came = false;
    disturb(other, which, true, [&] {
      came = true;
      start_another(other);
    });
    const Files before = contents_of(other.disk);
    static_cast<void>(other.carry_out(reset));
    if (!came) break;
    Files after = contents_of(other.disk);
    std::erase_if(after, [](const auto& file) { return file.first.starts_with("n/"); });
    if (after != before) CHECK(other.state("x/x.vmx") != "tracked");
  }
}

TEST_CASE("a run that would leave the VM's key FALSE refuses where it cannot see a disk") {
  const std::string second = "scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = \"/vmfs/volumes/far/c.vmdk\"\n";
  Workshop shop(with(healthy(), {{"x/x.vmx", vmx("x.vmdk", no_keys + second + "scsi0:1.ctkEnabled = \"TRUE\"\n")}}));
  const Files before = contents_of(shop.disk);
  auto request = request_for("disable");
  request.has_slot = [](const std::string& slot) { return slot == "scsi0:0"; };
  request.whole_machine = false;
  for (const auto& plan : {shop.plan(request), shop.plan("repair")}) {
    CHECK(plan.machines.empty());
    REQUIRE(plan.refused.size() == 1);
    CHECK(plan.refused[0].reason == Reason::outside_scan);
  }
  CHECK(contents_of(shop.disk) == before);
}

TEST_CASE("what somebody else writes between two steps is not overwritten") {
  const std::string theirs = "memSize = \"4096\"\n";
  for (const bool goes_back : {false, true}) {
    int met = 0;
    for (int which = 0; which < 80; ++which) {
      Workshop shop(healthy());
      const auto plan = shop.begun("reset");
      if (goes_back) REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
      int count = 0;
      bool came = false;
      shop.use(std::make_unique<RefusingWriter>(shop.disk.writer(), [&](const std::string& what) {
        const bool now = count++ == which;
        // Nothing can be asked between a question and the call that follows it.
        if (now && what != "replace") {
          came = true;
          shop.disk.put("x/x.vmx", shop.disk.files().at("x/x.vmx")->content + theirs, 0755);
        }
        return false;
      }));
      const auto result = goes_back ? shop.take_back(plan) : shop.carry_out(plan);
      shop.use(shop.disk.writer());
      if (count <= which) break;
      if (!came) continue;
      ++met;
      INFO("goes back: " << goes_back << ", change " << which << ": " << told(result));
      CHECK(shop.disk.files().at("x/x.vmx")->content.ends_with(theirs));
      static_cast<void>(shop.recover("x"));
      CHECK(shop.disk.files().at("x/x.vmx")->content.ends_with(theirs));
    }
    CHECK(met > 5);
  }
}

TEST_CASE("the times of a configuration do not count for a disk that can never be tracked") {
  Files files = raw_device(both_keys);
  std::string& text = files["x/x.vmdk"];
  text.replace(text.find("\"vmfsRawDeviceMap\""), 18, "\"vmfsPassthroughRawDeviceMap\"");
  Workshop shop(with(files, {{"x/x.vmx", vmx("x.vmdk", both_keys + "scsi0:1.present = \"TRUE\"\nscsi0:1.fileName = "
                                                                   "\"y.vmdk\"\nscsi0:1.ctkEnabled = \"TRUE\"\n")},
                             {"x/y.vmdk", small_descriptor("y-flat.vmdk", "y-ctk.vmdk")},
                             {"x/y-flat.vmdk", small_flat()},
                             {"x/y-ctk.vmdk", small_tracking()}}));
  const auto plan = shop.begun("reset");
  INFO(reason_of(plan));
  REQUIRE(plan.machines.size() == 1);
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  shop.disk.touch("x/x.vmx");  // hostd, at the reload
  CHECK(shop.take_back(plan).outcome == Outcome::restored);
}
