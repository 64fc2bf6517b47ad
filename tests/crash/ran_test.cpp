// A run is stopped at every moment, and the machine runs before anybody recovers it: no old CTK file comes back to
// life, and the run is finished from what is found then.
#include "tests/support/catch.h"

#include "tests/crash/cases.h"
#include "tests/support/faulty_writer.h"

using namespace support;

namespace {

// What a power-on and a power-off leave.
struct Session {
  const char* name;
  std::function<void(Workshop&)> run;
};

std::vector<Session> sessions() {
  const auto find = [](Workshop& shop, const char* path) { return shop.disk.files().contains(path); };
  return {
      {"the flat extent is written",
       [=](Workshop& shop) {
         for (const char* path : {"x/x-flat.vmdk", "data/x-flat.vmdk"}) {
           if (find(shop, path)) shop.disk.touch(path);
         }
       }},
      {"a vmware.log appears", [](Workshop& shop) { shop.disk.put("x/vmware.log", "VMX exit (0).\n"); }},
      {"ESXi rewrites the .vmx too",
       [](Workshop& shop) {
         shop.disk.put("x/vmware.log", "VMX exit (0).\n");
         shop.disk.put("x/x.vmx", shop.disk.files().at("x/x.vmx")->content + "vmci0.id = \"1\"\n", 0755);
       }},
  };
}

Files tracking_files(const Files& files) {
  Files found;
  for (const auto& [path, content] : files) {
    if (path.ends_with("-ctk.vmdk")) found[path] = content;
  }
  return found;
}

void stop(Workshop& shop, const repair::Plan& plan, std::size_t moment, bool& ended) {
  Moments moments{.last = moment};
  shop.use(std::make_unique<FaultyWriter>(shop.disk.writer(), moments));
  static_cast<void>(shop.carry_out(plan));
  ended = !moments.is_over();
  shop.use(shop.disk.writer());
}

// As soon as a CTK file is aside.
void stop_in_the_middle(Workshop& shop, const Files& files) {
  for (std::size_t moment = 0; contents_of(shop.disk).contains("x/x-ctk.vmdk"); ++moment) {
    shop.disk = {};
    for (const auto& [path, content] : files) shop.disk.put(path, content, 0600);
    shop.use(shop.disk.writer());
    bool ended = false;
    stop(shop, shop.begun("reset"), moment, ended);
    REQUIRE_FALSE(ended);
  }
}

}  // namespace

TEST_CASE("a CTK file that was put aside never comes back once the machine has run", "[crash]") {
  const auto all = crash::cases();
  for (const crash::Case& subject : {all[0], all[1], all[2], all[3]}) {
    for (const Session& session : sessions()) {
      bool ended = false;
      for (std::size_t moment = 0; !ended; ++moment) {
        Workshop shop(subject.files);
        const auto plan = shop.begun(subject.request);
        const Files before = contents_of(shop.disk);
        stop(shop, plan, moment, ended);
        const Files stopped = contents_of(shop.disk);
        session.run(shop);
        std::string told;
        for (const std::string& folder : crash::folders()) {
          for (const auto& result : shop.recover(folder)) told += support::told(result) + "; ";
        }
        INFO(subject.name << ", " << session.name << ", stopped after " << moment << " moments: " << told);
        const Files now = contents_of(shop.disk);
        for (const auto& [path, content] : tracking_files(now)) CHECK(stopped.contains(path));
        CHECK_FALSE(crash::has_lock(shop.disk));
        if (stopped != before) {
          for (const auto& [slot, promised] : plan.machines[0].promised)
            CHECK(shop.state("x/x.vmx", slot) == name_of(promised));
        }
        if (stopped == before && session.name == sessions()[0].name) CHECK(now == stopped);
      }
    }
  }
}

TEST_CASE("undo refuses once the machine may have run", "[crash]") {
  const std::vector<std::pair<const char*, std::function<void(Workshop&)>>> signs{
      {"the extent was written", [](Workshop& shop) { shop.disk.touch("x/x-flat.vmdk"); }},
      {"a log is new", [](Workshop& shop) { shop.disk.put("x/vmware.log", "x"); }},
      {"a new CTK file is there", [](Workshop& shop) { shop.disk.put("x/x-ctk.vmdk", small_tracking()); }},
      {"an extent has gone", [](Workshop& shop) { shop.disk.erase("x/x_1-flat.vmdk"); }},
      {"it is locked", [](Workshop& shop) { shop.disk.put("x/x.vmx.lck", ""); }},
      {"it runs", [](Workshop& shop) {
         std::string text = shop.disk.files().at("x/x.vmx")->content;
         text.replace(text.find("cleanShutdown = \"TRUE\""), 22, "cleanShutdown = \"FALSE\"");
         shop.disk.put("x/x.vmx", text, 0755);
       }}};
  for (const auto& [sign, make] : signs) {
    Workshop shop(two_disks());
    const auto plan = shop.begun("reset");
    REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
    make(shop);
    const Files after = contents_of(shop.disk);
    const auto result = shop.take_back(plan);
    INFO(sign << ": " << result.message);
    CHECK(result.outcome == Outcome::refused);
    CHECK(result.reason == Reason::ran_since);
    CHECK(contents_of(shop.disk) == after);
  }
}

TEST_CASE("undo refuses where somebody changed a file, and says which", "[crash]") {
  Workshop shop(two_disks());
  const auto plan = shop.begun("disable");
  REQUIRE(shop.carry_out(plan).outcome == Outcome::changed);
  shop.disk.put("x/x.vmdk", shop.disk.files().at("x/x.vmdk")->content + "# by hand\n");
  const auto result = shop.take_back(plan);
  CHECK(result.reason == Reason::changed_meanwhile);
  CHECK(result.message.find("x/x.vmdk") != std::string::npos);
}

TEST_CASE("recovery waits for a machine that runs", "[crash]") {
  Workshop shop(two_disks());
  stop_in_the_middle(shop, two_disks());
  shop.disk.put("x/x.vmx.lck", "");
  const Files running = contents_of(shop.disk);
  REQUIRE(shop.recover("x").back().outcome == Outcome::refused);
  CHECK(contents_of(shop.disk) == running);
  CHECK(crash::has_lock(shop.disk));
  shop.disk.erase("x/x.vmx.lck");
  CHECK(shop.recover("x").back().outcome == Outcome::rolled_back);
  CHECK_FALSE(crash::has_lock(shop.disk));
}

TEST_CASE("a run that is in the way of a snapshot taken meanwhile stays off and is told", "[crash]") {
  Workshop shop(healthy());
  stop_in_the_middle(shop, healthy());
  shop.disk.put("x/vmware.log", "ran");
  shop.disk.put("x/x.vmsd", snapshots("x.vmdk"));
  const auto result = shop.recover("x").back();
  CHECK(result.outcome == Outcome::refused);
  CHECK(result.reason == Reason::has_snapshots);
  CHECK(shop.state("x/x.vmx") == "off");
}
