// Versions, tasks, datastores and locks as hosts print them, and a whole set of answers together.
#include "host/facts.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include "tests/support/catch.h"

#include "host/locks.h"
#include "host/tasks.h"
#include "host/version.h"
#include "host/volumes.h"
#include "tests/support/answer.h"

namespace {

using namespace cbtctl::host;
using cbtctl::model::DatastoreType;
using support::answer;

std::string told(const Result<cbtctl::model::HostFacts>& facts) {
  return facts ? facts->product + "|" + facts->version + "|" + facts->build : facts.error().message;
}

const std::string fault =
    "(vim.fault.NotFound) {\n"
    "   faultCause = (vmodl.MethodFault) null, \n"
    "   faultMessage = <unset>\n"
    "   msg = \"Unable to find a VM corresponding to \"2\"\"\n"
    "}\n";

}  // namespace

TEST_CASE("a version is read from either command") {
  CHECK(told(parse_version(answer("VMware ESXi 7.0.3 build-20328353\n"))) == "VMware ESXi|7.0.3|20328353");
  CHECK(told(parse_version(answer("VMware ESXi 6.0.0 build-3620759\nVMware ESXi 6.0.0 Update 2\n"))) ==
        "VMware ESXi|6.0.0|3620759");
  CHECK(told(parse_version(answer("   Product: VMware ESXi\n   Version: 8.0.2\n   Build: Releasebuild-22380479\n"
                                  "   Update: 2\n   Patch: 0\n"))) == "VMware ESXi|8.0.2|22380479");
  CHECK(told(parse_version(answer("   Product: VMware ESXi\n   Version: 9.0.0\n   Build: Releasebuild-24755229\n"))) ==
        "VMware ESXi|9.0.0|24755229");
}

TEST_CASE("what is no version is not guessed") {
  for (const char* text : {"", "VMware ESXi\n", "VMware ESXi 7.0.3 build-\n", "VMware ESXi x build-12\n", " build-3\n",
                           "   Product: VMware ESXi\n   Version: 8.0.2\n", "Linux esx 6.1 build-7a\n"}) {
    INFO(text);
    CHECK_FALSE(parse_version(answer(text)));
  }
}

TEST_CASE("tasks tell what runs and for which machine") {
  const auto found =
      parse_tasks(answer("(ManagedObjectReference) [\n"
                         "   'vim.Task:haTask-112-vim.VirtualMachine.createSnapshot-3887',\n"
                         "   'vim.Task:haTask-ha-host-vim.option.OptionManager.updateValues-1'\n"
                         "]\n"));
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].name == "vim.VirtualMachine.createSnapshot");
  CHECK((*found)[0].machine_id == "112");
  CHECK((*found)[1].name == "vim.option.OptionManager.updateValues");
  CHECK_FALSE((*found)[1].machine_id);
  const auto none = parse_tasks(answer("(ManagedObjectReference) []\n"));
  REQUIRE(none);
  CHECK(none->empty());
  CHECK_FALSE(parse_tasks(answer("(ManagedObjectReference) [\n   'vim.Task:haTask-1")));
  CHECK_FALSE(parse_tasks(answer("aucune\n")));
  CHECK_FALSE(parse_tasks(answer(fault)));
}

TEST_CASE("a fault on standard output with status 0 is a failure, with its words") {
  const auto failure = failure_of(answer(fault));
  REQUIRE(failure);
  CHECK(failure->message == "command: vim.fault.NotFound: Unable to find a VM corresponding to \"2\"");
  const auto older = failure_of(answer("(vmodl.fault.ManagedObjectNotFound) {\n   dynamicType = <unset>, \n}\n"));
  REQUIRE(older);
  CHECK(older->message == "command: vmodl.fault.ManagedObjectNotFound");
  CHECK_FALSE(failure_of(answer("(ManagedObjectReference) []\n")));
  CHECK(failure_of(answer("", 127))->message == "command: there is no such command");
  CHECK(failure_of(answer("", 143))->message == "command: did not answer in time");
  CHECK(failure_of(answer("", 1, "\nout of memory\n"))->message == "command: failed with status 1: out of memory");
}

TEST_CASE("datastores have a name, an identity and a type") {
  const auto found =
      parse_volumes(answer("Mount Point                                        Volume Name   UUID                      "
                           "           Mounted  Type             Size           Free\n"
                           "-------------------------------------------------  ------------  "
                           "-----------------------------------  -------  ------  -------------  -------------\n"
                           "/vmfs/volumes/600d9cc6-915fbb51-f64b-d8d385d87c24  DS 132 true   "
                           "600d9cc6-915fbb51-f64b-d8d385d87c24     true  VMFS-6   999922073600   591568830464\n"
                           "/vmfs/volumes/eca5bd35-3a696585                    nas           eca5bd35-3a696585         "
                           "              true  NFS41    999922073600   591568830464\n"
                           "/vmfs/volumes/5f0c0de5-11111111-2222-333333333333                "
                           "5f0c0de5-11111111-2222-333333333333     true  vfat        299712512      117448704\n"
                           "/vmfs/volumes/vsan:52d23f7e2fd6c7e5-0123456789ab   vsanDatastore  "
                           "vsan:52d23f7e2fd6c7e5-0123456789ab      true  vsan     999922073600   591568830464\n"));
  REQUIRE(found);
  REQUIRE(found->size() == 4);
  CHECK((*found)[0].name == "DS 132 true");
  CHECK((*found)[0].type == DatastoreType::vmfs);
  CHECK((*found)[1].type == DatastoreType::nfs);
  CHECK((*found)[2].name.empty());
  CHECK((*found)[2].type == DatastoreType::other);
  CHECK((*found)[3].type == DatastoreType::vsan);

  CHECK(by_identity(*found, "/vmfs/volumes/nas/a/b.vmx") == "/vmfs/volumes/eca5bd35-3a696585/a/b.vmx");
  CHECK(by_identity(*found, "/vmfs/volumes/DS 132 true/a/b.vmx") ==
        "/vmfs/volumes/600d9cc6-915fbb51-f64b-d8d385d87c24/a/b.vmx");
  CHECK(by_identity(*found, "/vmfs/volumes/unknown/a.vmx") == "/vmfs/volumes/unknown/a.vmx");
  CHECK(volume_of(*found, "/vmfs/volumes/") == nullptr);

  CHECK_FALSE(parse_volumes(answer("Point de montage\n/vmfs/volumes/x  a  x  true  VMFS-6  1  1\n")));
  CHECK_FALSE(
      parse_volumes(answer("Mount Point  Volume Name  UUID  Mounted  Type  Size  Free\n/vmfs/volumes/x  cut\n")));
}

TEST_CASE("a lock's mode is the first one, and its owner's address the end of the owner") {
  const std::string before = "Lock [type 10c00001 offset 268500992 v 22420, hb offset 3293184\ngen 223, mode ";
  const std::string after =
      " mtime 19999110\nnum 0 gblnum 0 gblgen 0 gblbrk 0]\n"
      "Addr <4, 623, 8>, gen 22386, links 1, type reg, flags 0, uid 0, gid 0, mode 600\n";
  const auto free = parse_lock(answer(before + "0, owner 00000000-00000000-0000-000000000000" + after));
  REQUIRE(free);
  CHECK(free->mode == LockMode::free);
  CHECK(free->owners.empty());
  const auto held = parse_lock(answer(before + "1, owner 5630b2a6-c21df93e-32f1-e41f13b64614" + after));
  REQUIRE(held);
  CHECK(held->mode == LockMode::exclusive);
  CHECK(held->owners == std::vector<std::string>{"e4:1f:13:b6:46:14"});
  const auto shared =
      parse_lock(answer(
          before + "2, owner 00000000-00000000-0000-000000000000 mtime 1\nnum 0 gblnum 0 gblgen 0 gblbrk 0]\n"
                   "RO Owner[0] HB Offset 3309568 5630b2a6-c21df93e-32f1-e41f13b64614\n"
                   "RO Owner[1] HB Offset 3309568 5630b2a6-c21df93e-32f1-005056aabbcc\nAddr <4, 623, 8>, mode 600\n"));
  REQUIRE(shared);
  CHECK(shared->mode == LockMode::read_only);
  CHECK(shared->owners == std::vector<std::string>{"e4:1f:13:b6:46:14", "00:50:56:aa:bb:cc"});
  CHECK_FALSE(parse_lock(answer("Addr <4, 623, 8>, gen 22386, links 1, type reg, flags 0, uid 0, gid 0, mode 600\n")));
  CHECK_FALSE(parse_lock(answer(before + "9, owner 0" + after)));
}

TEST_CASE("vmfsfilelockinfo tells the same in words") {
  const auto held = parse_lock(
      answer("vmfsflelockinfo Version 1.0\nLooking for lock owners on \"x-flat.vmdk\"\n"
             "\"x-flat.vmdk\" is locked in Exclusive mode by host having mac address ['aa:bb:cc:dd:ee:ff']\n"));
  REQUIRE(held);
  CHECK(held->mode == LockMode::exclusive);
  CHECK(held->owners == std::vector<std::string>{"aa:bb:cc:dd:ee:ff"});
  CHECK_FALSE(parse_lock(answer("vmfsflelockinfo Version 1.0\nLooking for lock owners on \"x\"\n")));
}

TEST_CASE("a command that fails and says that the file is locked is not taken for a file that nobody holds") {
  const std::string said = "\"x\" is locked in a new way";
  const auto failed = parse_lock(answer(said, 1));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == formats::core::ErrorKind::in_use);
  const auto not_understood = parse_lock(answer(said));
  REQUIRE_FALSE(not_understood);
  CHECK(not_understood.error().kind == formats::core::ErrorKind::in_use);
  const auto silent = parse_lock(answer("", 1));
  REQUIRE_FALSE(silent);
  CHECK(silent.error().kind == formats::core::ErrorKind::unavailable);
}

TEST_CASE("one question that fails leaves the others answered") {
  const auto named = [](const char* name, std::string text, int status = 0) {
    Answer one = answer(std::move(text), status);
    one.name = name;
    one.source = name;
    return one;
  };
  const Facts facts = facts_of({named("version", "VMware ESXi 8.0.2 build-22380479\n"),
                                named("machines", "Failed to login: Connection reset by peer\n", 1),
                                named("running", "", 1), named("running", ""),
                                named("tasks", "(ManagedObjectReference) []\n"), named("volumes", "Volumes montés\n")});
  REQUIRE(facts.version);
  REQUIRE(facts.inventory);
  CHECK(facts.version->version == "8.0.2");
  CHECK_FALSE(facts.inventory->registered);
  CHECK(facts.inventory->running);
  CHECK(facts.inventory->tasks);
  CHECK_FALSE(facts.inventory->volumes);
  REQUIRE(facts.inventory->unanswered.size() == 2);
  CHECK(facts.inventory->unanswered[0].question == "registered virtual machines");
  CHECK(facts.inventory->unanswered[1].error.message == "volumes: prints what is not understood: Volumes montés");

  const Facts linux = facts_of({named("version", "", 127), named("machines", "", 127), named("running", "", 127)});
  CHECK_FALSE(linux.version);
  CHECK_FALSE(linux.inventory);
}

TEST_CASE("what the stand-in prints for each release is understood whole") {
  for (const std::string release : {"6.0", "6.7", "7.0", "8.0"}) {
    INFO(release);
    std::ifstream file(std::string(CBTCTL_SOURCE_DIR) + "/tests/host/captures/" + release + ".txt", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto answers = split_answers({.output = text, .errors = {}}, "w");
    REQUIRE(answers);
    const Facts facts = facts_of(*answers);
    REQUIRE(facts.inventory);
    CHECK(facts.inventory->unanswered.empty());
    CHECK(facts.version->version.starts_with(release));
    REQUIRE(facts.inventory->running->size() == 1);
    CHECK(facts.inventory->tasks->front().machine_id == "1");
    REQUIRE(facts.inventory->volumes->size() == 1);
    CHECK(facts.inventory->volumes->front().name == "my ds");
    const auto& machines = *facts.inventory->registered;
    REQUIRE(machines.size() == 3);
    const auto has_it = [&](const auto& machine) {
      return by_identity(*facts.inventory->volumes, machine.path) == facts.inventory->running->front().path;
    };
    CHECK(std::count_if(machines.begin(), machines.end(), has_it) == 1);
  }
}
