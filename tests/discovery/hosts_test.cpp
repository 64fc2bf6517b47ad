// What hosts say, joined to what was found on their datastores.
#include "tests/support/catch.h"

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "analysis/cbt_state.h"
#include "tests/support/canned_host.h"
#include "tests/support/datastore.h"

using cbtctl::model::PowerState;
using support::both_keys;
using support::CannedHost;
using support::Datastore;
using support::descriptor;
using support::vmx;

namespace {

using Files = std::map<std::string, std::string>;
const std::string uuid = "600d9cc6-915fbb51-f64b-d8d385d87c24";
const std::string volume = "/vmfs/volumes/" + uuid;

Files machine(const std::string& name, const std::string& more = {}) {
  return {{name + "/" + name + ".vmx", vmx(name + ".vmdk", both_keys + more)},
          {name + "/" + name + ".vmdk", descriptor(name + "-flat.vmdk", name + "-ctk.vmdk")},
          {name + "/" + name + "-flat.vmdk", ""},
          {name + "/" + name + "-ctk.vmdk", support::tracking()}};
}
Files with(Files files, const Files& more) {
  files.insert(more.begin(), more.end());
  return files;
}
Files running(const std::string& name) {
  Files files = machine(name);
  files[name + "/" + name + ".vmx"] =
      "virtualHW.version = \"13\"\ncleanShutdown = \"FALSE\"\nscsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"" +
      name + ".vmdk\"\n" + both_keys;
  files[name + "/" + name + ".vmx.lck"] = "";
  return files;
}

struct Seen {
  std::shared_ptr<CannedHost> host;
  std::string root;  // as the user gave it
  Files files;
};

Datastore scan(const std::vector<Seen>& targets) {
  std::vector<cbtctl::discovery::Place> places;
  for (const Seen& seen : targets) {
    cbtctl::discovery::Place place;
    place.host = "host" + std::to_string(places.size() + 1);
    place.target.location = "ssh://" + place.host;
    place.target.is_ssh = true;
    place.roots = {seen.root, volume};
    place.commands = seen.host;
    place.reader = support::open_memory({seen.files, {}, {}});
    places.push_back(std::move(place));
  }
  return cbtctl::discovery::discover(places, {}, true);
}
Datastore scan(const std::shared_ptr<CannedHost>& host, const Files& files) {
  return scan({{host, "/vmfs/volumes/ds1", files}});
}
std::shared_ptr<CannedHost> new_host() {
  auto host = std::make_shared<CannedHost>();
  host->mounts("ds1", uuid);
  return host;
}
std::string evidence(const Datastore& datastore, std::size_t machine = 0) {
  std::string all;
  for (const auto& sign : words_of(datastore.virtual_machines[machine].power)) all += sign + "\n";
  return all;
}
bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a process on the host is a machine that runs, whatever its files say") {
  const auto host = new_host();
  host->has("12", "[ds1] web/web.vmx");
  host->runs_machine(volume + "/web/web.vmx");
  const Datastore datastore = scan(host, machine("web"));
  CHECK(datastore.virtual_machines[0].power.state == PowerState::on);
  CHECK(says(evidence(datastore), "runs on ssh://host1 (esxcli vm process list)"));
  CHECK(host->runs == 1);
}

TEST_CASE("a registration without a process and clean files is off, and costs one request") {
  const auto host = new_host();
  host->has("12", "[ds1] web/web.vmx");
  const Datastore datastore = scan(host, machine("web"));
  CHECK(datastore.virtual_machines[0].power.state == PowerState::off);
  CHECK(says(evidence(datastore), "registered on ssh://host1 as 12, and not among its processes"));
  REQUIRE(datastore.virtual_machines[0].registrations);
  CHECK(datastore.virtual_machines[0].registrations->front().id == "12");
  CHECK(datastore.targets[0].host->version == "7.0.3");
  CHECK(host->runs == 1);
}

TEST_CASE("a suspended machine is not off because its host has no process of it") {
  const auto host = new_host();
  host->has("12", "[ds1] web/web.vmx");
  const Datastore datastore = scan(host, machine("web", "checkpoint.vmState = \"web.vmss\"\n"));
  CHECK(datastore.virtual_machines[0].power.state == PowerState::suspended);
}

TEST_CASE("files of a running machine that its host does not run: the locks decide") {
  const std::string lock_file = volume + "/web/web.vmx.lck";
  const std::string extent = volume + "/web/web-flat.vmdk";
  SECTION("all free: the host crashed, and it is off") {
    const auto host = new_host();
    host->has("12", "[ds1] web/web.vmx");
    const Datastore datastore = scan(host, running("web"));
    CHECK(host->asked_locks == std::vector<std::string>{lock_file, extent});
    CHECK(datastore.virtual_machines[0].power.state == PowerState::off);
    CHECK(says(evidence(datastore), "web-flat.vmdk is not locked (vmkfstools -D)"));
  }
  SECTION("the process's file is held: it runs on another host") {
    const auto host = new_host();
    host->lock_modes[lock_file] = 1;
    host->lock_modes[extent] = 1;
    const Datastore datastore = scan(host, running("web"));
    CHECK(datastore.virtual_machines[0].power.state == PowerState::on);
    CHECK(says(evidence(datastore), "web.vmx.lck is locked exclusive by 00:50:56:aa:bb:cc (vmkfstools -D)"));
    CHECK(says(evidence(datastore), "not registered on ssh://host1"));
  }
  SECTION("the host cannot tell the locks: as the files say") {
    const auto host = new_host();
    host->lock_modes[lock_file] = 9;
    host->lock_modes[extent] = 9;
    const Datastore datastore = scan(host, running("web"));
    CHECK(datastore.virtual_machines[0].power.state == PowerState::on);
    CHECK(says(evidence(datastore), "the lock of web.vmx.lck cannot be asked: "));
  }
}

TEST_CASE("an extent that someone holds makes a machine unknown, and not on: it may be a backup") {
  const auto host = new_host();
  host->has("12", "[ds1] web/web.vmx");
  host->lock_modes[volume + "/web/web-flat.vmdk"] = 1;
  Files files = machine("web");
  files["web/web.vmx"] = "virtualHW.version = \"13\"\nscsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"web.vmdk\"\n";
  files["web/vmware.log"] = "";
  CHECK(scan(host, files).virtual_machines[0].power.state == PowerState::unknown);
}

TEST_CASE("all locks are one request, however many machines need them") {
  const auto host = new_host();
  Files files;
  for (int i = 0; i < 50; ++i) files = with(files, running("vm" + std::to_string(i)));
  const Datastore datastore = scan(host, files);
  CHECK(host->runs == 2);
  CHECK(host->asked_locks.size() == 100);
  CHECK(datastore.virtual_machines.size() == 50);
}

TEST_CASE("what is registered and not there, and what is there and not registered, are told") {
  const auto host = new_host();
  host->has("1", "[ds1] web/web.vmx");
  host->has("2", "[ds1] lost/lost.vmx");
  host->has("3", "[ds2] elsewhere/elsewhere.vmx");
  const Datastore datastore = scan(host, with(machine("web"), machine("stray")));
  const auto& registered = *datastore.targets[0].inventory->registered;
  REQUIRE(registered.size() == 3);
  CHECK(registered[0].file);
  CHECK_FALSE(registered[0].is_missing);
  CHECK(registered[1].is_missing);
  CHECK_FALSE(registered[2].is_missing);
  CHECK(datastore.virtual_machines[0].registrations->empty());  // stray
  CHECK(datastore.virtual_machines[1].registrations->size() == 1);

  const auto findings = cbtctl::analysis::analyze(datastore);
  const auto told = std::count_if(findings.skipped.begin(), findings.skipped.end(), [](const auto& skipped) {
    return skipped.what == "/vmfs/volumes/ds1/lost/lost.vmx" && says(skipped.why, "registered on ssh://host1 as 2");
  });
  CHECK(told == 1);
}

TEST_CASE("a question without an answer leaves the files' word, and is told") {
  const auto host = new_host();
  host->answers["running"] = "Aucune\n";
  host->answers["machines"] = "Identifiant\n";
  const Datastore datastore = scan(host, machine("web"));
  CHECK(datastore.virtual_machines[0].power.state == PowerState::off);
  CHECK_FALSE(datastore.virtual_machines[0].registrations);
  CHECK(datastore.targets[0].inventory->unanswered.size() == 2);
  const auto findings = cbtctl::analysis::analyze(datastore);
  const auto told = std::count_if(findings.skipped.begin(), findings.skipped.end(), [](const auto& skipped) {
    return skipped.what == "running virtual machines of ssh://host1";
  });
  CHECK(told == 1);
}

TEST_CASE("a host that is lost before it answers makes its target incomplete, and nothing is guessed") {
  const auto host = new_host();
  host->is_gone = true;
  const Datastore datastore = scan(host, machine("web"));
  CHECK(datastore.virtual_machines.size() == 1);
  CHECK_FALSE(datastore.targets[0].host);
  CHECK_FALSE(datastore.targets[0].inventory);
  REQUIRE(datastore.targets[0].error);
  CHECK(datastore.targets[0].error->message == "what the host knows: the line is lost");
}

TEST_CASE("a datastore of two hosts: a machine runs where one of them says so") {
  const auto first = new_host();
  const auto second = new_host();
  second->has("7", "[ds1] web/web.vmx");
  second->runs_machine("/vmfs/volumes/ds1/web/web.vmx");
  const Datastore datastore =
      scan({{first, "/vmfs/volumes/ds1", machine("web")}, {second, "/vmfs/volumes/ds1", machine("web")}});
  REQUIRE(datastore.virtual_machines.size() == 1);
  const auto& web = datastore.virtual_machines[0];
  CHECK(web.seen_by == std::vector<cbtctl::model::Index>{0, 1});
  CHECK(web.power.state == PowerState::on);
  CHECK(says(evidence(datastore), "not registered on ssh://host1"));
  CHECK(says(evidence(datastore), "runs on ssh://host2"));
  REQUIRE(web.registrations->size() == 1);
  CHECK(web.registrations->front().target == 1);
}

TEST_CASE("the change id '*' can be trusted on VMFS alone") {
  const auto judged = [](const std::string& type) {
    const auto host = std::make_shared<CannedHost>();
    host->mounts("ds1", uuid, type);
    const Datastore datastore = scan(host, machine("web"));
    return cbtctl::analysis::judge_star_query(datastore, datastore.virtual_machines[0].disks[0]).usable;
  };
  CHECK(judged("VMFS-6") == true);
  CHECK(judged("NFS41") == false);
  CHECK(judged("vsan") == false);
  const auto silent = std::make_shared<CannedHost>();
  const Datastore datastore = scan(silent, machine("web"));
  CHECK_FALSE(cbtctl::analysis::judge_star_query(datastore, datastore.virtual_machines[0].disks[0]).usable);
}

TEST_CASE("each volume below /vmfs/volumes has its own type") {
  const auto host = new_host();
  host->mounts("nas", "eca5bd35-3a696585", "NFS");
  Files files;
  for (const auto& [path, text] : machine("web")) {
    files[uuid + "/" + path] = text;
    files["eca5bd35-3a696585/" + path] = text;
  }
  cbtctl::discovery::Place place;
  place.host = "host1";
  place.roots = {"/vmfs/volumes"};
  place.commands = host;
  place.reader = support::open_memory({files, {{"ds1", uuid}, {"nas", "eca5bd35-3a696585"}}, {}});
  std::vector<cbtctl::discovery::Place> places;
  places.push_back(std::move(place));
  const Datastore datastore = cbtctl::discovery::discover(places, {});
  REQUIRE(datastore.virtual_machines.size() == 2);
  const auto star = [&](std::size_t i) {
    return cbtctl::analysis::judge_star_query(datastore, datastore.virtual_machines[i].disks[0]).usable;
  };
  CHECK(datastore.files[datastore.virtual_machines[0].file].path == "ds1/web/web.vmx");
  CHECK(star(0) == true);
  CHECK(star(1) == false);
}

TEST_CASE("advisories go by the build of the host that has the machine") {
  const auto codes = [](const Datastore& datastore) {
    std::string all;
    for (const auto& finding : cbtctl::analysis::analyze(datastore).found) {
      const std::string name(cbtctl::analysis::row_of(finding.code).name);
      if (name.starts_with("advisory")) all += name + " ";
    }
    return all;
  };
  const auto old = new_host();
  old->answers["version"] = "VMware ESXi 6.0.0 build-3073146\n";
  old->has("1", "[ds1] web/web.vmx");
  CHECK(codes(scan(old, machine("web"))) == "advisory-kb2136854 ");
  const auto fixed = new_host();
  fixed->answers["version"] = "VMware ESXi 6.0.0 build-3247720\n";
  fixed->has("1", "[ds1] web/web.vmx");
  CHECK(codes(scan(fixed, machine("web"))).empty());
  SECTION("not of another that sees its files") {
    const auto other = new_host();
    other->answers["version"] = "VMware ESXi 6.0.0 build-3073146\n";
    CHECK(codes(scan({{other, "/vmfs/volumes/ds1", machine("web")}, {fixed, "/vmfs/volumes/ds1", machine("web")}}))
              .empty());
  }
}
