// What vim-cmd and esxcli print of virtual machines, as hosts printed it (reference/esxi-facts.md, sections 2a and 2f),
// and what a note or a name can make of it.
#include "host/machines.h"

#include "tests/support/catch.h"

#include "tests/support/answer.h"

namespace {

using namespace cbtctl::host;
using cbtctl::model::RegisteredMachine;
using support::answer;

const std::string header =
    "Vmid          Name                               File                             Guest OS       Version   "
    "Annotation\n";

std::string ids(const Result<Registered>& found) {
  REQUIRE(found);
  std::string all;
  for (const RegisteredMachine& machine : found->machines) all += (all.empty() ? "" : " ") + machine.id;
  return all;
}

}  // namespace

TEST_CASE("a 6.5 host's table is read, and the VM that it cannot read is told") {
  const auto found = parse_registered(answer(
      "Skipping invalid VM '6'\n"
      "Vmid          Name                               File                             Guest OS       Version   "
      "Annotation\n"
      "1      ubuntu-desktop       [HDD] ubuntu-desktop/ubuntu-desktop.vmx           ubuntu64Guest      vmx-13         "
      "     \n"
      "11     ubuntu-server-1710   [HDD] ubuntu-server-1710/ubuntu-server-1710.vmx   ubuntu64Guest      vmx-13\n"));
  REQUIRE(ids(found) == "1 11");
  CHECK(found->invalid_ids == std::vector<std::string>{"6"});
  CHECK(found->machines[0].name == "ubuntu-desktop");
  CHECK(found->machines[1].path == "/vmfs/volumes/HDD/ubuntu-server-1710/ubuntu-server-1710.vmx");
}

TEST_CASE("a note over several lines is no row, wherever its lines begin") {
  const auto found = parse_registered(
      answer(header + "12     vm2           [ds1] vm2/vm2.vmx               vmwarePhoton64Guest      vmx-13    First "
                      "line of a note that an "
                      "appliance image ships with.\n"
                      "\n"
                      "   A second paragraph of that note, indented.\n"
                      "\n"
                      "another line\n"
                      "2024 began with digits\n"
                      "7 [ds1] no/shape.vmx of a row\n"
                      "                                                          \n"
                      "13     vm3            [ds1] vm3/vm3.vmx                 centos64Guest            vmx-08\n"));
  CHECK(ids(found) == "12 13");
}

TEST_CASE("rows padded to a wide column for notes, as 8.0 prints them, are read") {
  const std::string row = "4      web01   [ds1] web01/web01.vmx   ubuntu64Guest   vmx-19   ";
  const auto found = parse_registered(answer(header + row + std::string(400, ' ') + "\n"));
  REQUIRE(ids(found) == "4");
  CHECK(found->machines[0].name == "web01");
}

TEST_CASE("names and folders may hold brackets, blanks and per cent signs") {
  const auto found =
      parse_registered(answer(
          header + "24     Test Test [Test] [Test]   [datastore_050_vmfs6] Test/Test.vmx       otherGuest64    vmx-17\n"
                   "25     Web [prod] 100%25   [my ds (1)] Web [prod] 100%/web 1.vmx   ubuntu64Guest   vmx-13   a note "
                   "[ds1] x/x.vmx   guest   vmx-09\n"
                   "26     odd   [ds1] odd.vmx  folder/odd.vmx      vmx-13\n"
                   "27     tmpl   [ds[2]] tmpl/tmpl.vmtx   ubuntu64Guest   vmx-13\n"
                   "28     away   [] /vmfs/volumes/5f0c/away/away.vmx   ubuntu64Guest   vmx-13\n"));
  REQUIRE(ids(found) == "24 25 26 27 28");
  CHECK(found->machines[0].name == "Test Test [Test] [Test]");
  CHECK(found->machines[0].path == "/vmfs/volumes/datastore_050_vmfs6/Test/Test.vmx");
  CHECK(found->machines[1].path == "/vmfs/volumes/my ds (1)/Web [prod] 100%/web 1.vmx");
  CHECK(found->machines[2].path == "/vmfs/volumes/ds1/odd.vmx  folder/odd.vmx");
  CHECK(found->machines[3].path == "/vmfs/volumes/ds[2]/tmpl/tmpl.vmtx");
  CHECK(found->machines[4].path == "/vmfs/volumes/5f0c/away/away.vmx");
}

TEST_CASE("a row that a note fakes takes the row that it contradicts with it") {
  const auto found = parse_registered(answer(header + "1      a   [ds1] a/a.vmx   guest   vmx-13   evil note\n"
                                                      "2      x   [ds1] elsewhere/x.vmx   guest   vmx-13\n"
                                                      "9      c   [ds1] a/a.vmx   guest   vmx-13\n"
                                                      "2      b   [ds1] b/b.vmx   guest   vmx-13\n"
                                                      "3      d   [ds1] d/d.vmx   guest   vmx-13\n"));
  CHECK(ids(found) == "3");
  CHECK(found->doubted_paths == std::vector<std::string>{"/vmfs/volumes/ds1/a/a.vmx", "/vmfs/volumes/ds1/b/b.vmx",
                                                         "/vmfs/volumes/ds1/elsewhere/x.vmx"});
}

TEST_CASE("a note that holds this very table takes nothing away") {
  const std::string row = "1      a   [ds1] a/a.vmx   guest   vmx-13   note\n";
  const auto found =
      parse_registered(answer(header + row + header + row + "2      b   [ds1] b/b.vmx   guest   vmx-13\n"));
  CHECK(ids(found) == "1 2");
  CHECK(found->doubted_paths.empty());
}

TEST_CASE("an empty host has a header alone") {
  CHECK(ids(parse_registered(answer("Vmid   Name   File   Guest OS   Version   Annotation\n"))).empty());
}

TEST_CASE("what is no table is not understood, and a fault is told") {
  const auto localised = parse_registered(answer("Identifiant   Nom   Fichier\n1   a   [ds1] a/a.vmx   g   vmx-13\n"));
  REQUIRE_FALSE(localised);
  CHECK(localised.error().message == "command: prints what is not understood: Identifiant   Nom   Fichier");
  CHECK_FALSE(parse_registered(answer("")));
  const auto down = parse_registered(answer("Failed to login: Connection reset by peer\n", 1));
  REQUIRE_FALSE(down);
  CHECK(down.error().message == "command: Failed to login: Connection reset by peer");
  CHECK_FALSE(parse_registered(answer(header, 1, "vim-cmd: killed")));
}

TEST_CASE("the processes of a host are its running machines, by the paths of their configurations") {
  const std::string text =
      "ubuntuc1\n"
      "   World ID: 527611\n"
      "   Process ID: 0\n"
      "   VMX Cartel ID: 527610\n"
      "   UUID: 56 4d 89 0e 68 65 d4 86-22 78 80 af 60 16 e0 e0\n"
      "   Display Name: ubuntuc1\n"
      "   Config File: /vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/ubuntuc1/ubuntuX.vmx\n"
      "\n"
      "two\n"
      "   World ID: 527613\n"
      "   Process ID: 0\n"
      "   VMX Cartel ID: 527612\n"
      "   UUID: 56 4d\n"
      "   Display Name: two\n"
      "   Config File: /vmfs/volumes/ds1/two/two.vmx\n";
  const auto found = parse_running(answer(text));
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK(found->front().path == "/vmfs/volumes/661ab9c9-ea3e9a38-f0ba-d89ef3ff34e7/ubuntuc1/ubuntuX.vmx");
  CHECK(found->back().name == "two");

  const auto none = parse_running(answer(""));
  REQUIRE(none);
  CHECK(none->empty());
  CHECK_FALSE(parse_running(answer("Aucune machine virtuelle\n")));
  CHECK_FALSE(parse_running(answer("Connect to localhost failed: Connection failure\n", 1)));
}

TEST_CASE("a name that looks like a field makes the list unusable, and not wrong") {
  const std::string text =
      "x\n   World ID: 1\n   Process ID: 0\n   VMX Cartel ID: 2\n   UUID: 0\n"
      "   Display Name: x\n   Config File: /vmfs/volumes/ds1/victim/victim.vmx\n"
      "   Config File: /vmfs/volumes/ds1/x/x.vmx\n";
  CHECK_FALSE(parse_running(answer(text)));
}
