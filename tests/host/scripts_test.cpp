// The scripts in a real shell, with commands that answer as the releases do.
#include "host/scripts.h"

#include "tests/support/catch.h"

#include "host/facts.h"
#include "host/locks.h"
#include "tests/support/answer.h"
#include "tests/support/shell_commands.h"

namespace {

using namespace cbtctl::host;
using support::ShellCommands;

void install_esxi(ShellCommands& host) {
  host.install("vmware", "echo 'VMware ESXi 7.0.3 build-20328353'\n");
  host.install("vim-cmd",
               "case $1 in\n"
               "  vmsvc/getallvms) printf 'Vmid  Name  File  Guest OS  Version  Annotation\\n"
               "3      a   [ds1] a/a.vmx   guest   vmx-13   note\\n' ;;\n"
               "  vimsvc/task_list) echo '(ManagedObjectReference) []' ;;\n"
               "esac\n");
  host.install("esxcli",
               "case \"$*\" in\n"
               "  'storage filesystem list') printf 'Mount Point  Volume Name  UUID  Mounted  Type  Size  Free\\n"
               "/vmfs/volumes/u1  ds1  u1  true  VMFS-6  9  5\\n' ;;\n"
               "esac\n");
}

Facts ask(ShellCommands& host) {
  PendingFacts pending(host);
  const auto facts = pending.get();
  REQUIRE(facts);
  return *facts;
}

const std::string free_lock =
    "Lock [type 10c00001 offset 268500992 v 22420, hb offset 3293184\n"
    "gen 223, mode 0, owner 00000000-00000000-0000-000000000000 mtime 19999110\nnum 0 gblnum 0 gblgen 0 gblbrk 0]\n";

}  // namespace

TEST_CASE("one run of one script answers every question") {
  ShellCommands host;
  install_esxi(host);
  const Facts facts = ask(host);
  CHECK(host.runs == 1);
  REQUIRE(facts.inventory);
  CHECK(facts.inventory->unanswered.empty());
  CHECK(facts.version->build == "20328353");
  REQUIRE(facts.inventory->registered);
  CHECK(facts.inventory->registered->front().path == "/vmfs/volumes/ds1/a/a.vmx");
  CHECK(facts.inventory->volumes->front().name == "ds1");
}

TEST_CASE("a machine that is no ESXi has no facts, and no complaint") {
  ShellCommands host;
  const Facts facts = ask(host);
  CHECK_FALSE(facts.version);
  CHECK_FALSE(facts.inventory);
}

TEST_CASE("where hostd is down, localcli tells what runs and what is mounted") {
  ShellCommands host;
  install_esxi(host);
  host.install("localcli",
               "case \"$*\" in 'vm process list') ;; *) printf 'Mount Point  Volume Name  UUID  Mounted  Type  Size  "
               "Free\\n' ;; esac\n");
  host.install("esxcli", "echo 'Connect to localhost failed: Connection failure'; exit 1\n");
  host.install("vim-cmd", "echo 'Failed to login: Connection reset by peer'; exit 1\n");
  const Facts facts = ask(host);
  REQUIRE(facts.inventory);
  CHECK(facts.inventory->running);
  CHECK(facts.inventory->volumes);
  CHECK_FALSE(facts.inventory->registered);
  REQUIRE(facts.inventory->unanswered.size() == 2);
  CHECK(facts.inventory->unanswered[0].error.message ==
        "vim-cmd vmsvc/getallvms: Failed to login: Connection reset by peer");
}

TEST_CASE("text on standard error, and text without a last line end, spoil nothing") {
  ShellCommands host;
  install_esxi(host);
  host.install("vmware", "echo 'Gtk-WARNING' >&2; printf 'VMware ESXi 7.0.3 build-20328353'\n");
  CHECK(ask(host).version->version == "7.0.3");
}

TEST_CASE("both forms of timeout are known, and a command that hangs is told") {
  const std::string newer = "[ \"$1\" -gt 0 ] || exit 1\nshift\ncase $1 in esxcli) exit 143 ;; esac\nexec \"$@\"\n";
  const std::string older = "[ \"$1\" = -t ] || exit 1\nshift 2\ncase $1 in esxcli) exit 143 ;; esac\nexec \"$@\"\n";
  for (const std::string& timeout : {newer, older}) {
    ShellCommands host;
    install_esxi(host);
    // BusyBox' shell would take its own applet; a command by path is what a host of that release has.
    host.install("timeout", timeout);
    std::string script(facts_script);
    for (std::size_t at = script.find("timeout "); at != std::string::npos; at = script.find("timeout ", at + 10))
      script.replace(at, 8, "./bin/timeout ");
    const auto output = host.run(script, {"word"}).get();
    REQUIRE(output);
    const auto answers = split_answers(*output, "word");
    REQUIRE(answers);
    const Facts facts = facts_of(*answers);
    REQUIRE(facts.inventory);
    CHECK(facts.version);
    REQUIRE(facts.inventory->unanswered.size() == 2);
    CHECK(facts.inventory->unanswered[1].question == "datastores");
  }
}

TEST_CASE("locks come in the order of the files, whatever their names hold") {
  ShellCommands host;
  host.install("vmkfstools",
               "case $2 in\n"
               "  *quiet*) ;;\n"
               "  *nfs*) echo 'Could not dump metadata'; exit 255 ;;\n"
               "  *held*) printf '" +
                   std::string("Lock [type 1\\ngen 2, mode 1, owner 0-0-0-005056aabbcc mtime 1]\\n") +
                   "' ;;\n"
                   "  *) cat <<'T'\n" +
                   free_lock +
                   "T\n  ;;\n"
                   "esac\n");
  host.install(
      "vmfsfilelockinfo",
      "case $2 in\n"
      "  *quiet*) echo \"\\\"x\\\" is locked in Read-Only mode by host having mac address ['00:50:56:00:00:01']\" ;;\n"
      "  *) exit 1 ;;\n"
      "esac\n");
  const std::vector<std::string> paths{"/vmfs/volumes/ds 1/it's; touch pwned/held-flat.vmdk",
                                       "/vmfs/volumes/ds1/$(touch pwned)", "/vmfs/volumes/ds1/quiet\nline",
                                       "/vmfs/nfs/x", "/vmfs/volumes/ds1/-D"};
  const auto locks = ask_locks(host, paths);
  REQUIRE(locks);
  REQUIRE(locks->size() == paths.size());
  REQUIRE((*locks)[0]);
  CHECK((*locks)[0]->mode == LockMode::exclusive);
  CHECK((*locks)[0]->owners == std::vector<std::string>{"00:50:56:aa:bb:cc"});
  REQUIRE((*locks)[1]);
  CHECK((*locks)[1]->mode == LockMode::free);
  CHECK((*locks)[1]->source == "vmkfstools -D");
  REQUIRE((*locks)[2]);
  CHECK((*locks)[2]->mode == LockMode::read_only);
  CHECK((*locks)[2]->source == "vmfsfilelockinfo -p");
  CHECK_FALSE((*locks)[3]);
  REQUIRE((*locks)[4]);
  CHECK(host.runs == 1);
}

TEST_CASE("an answer that is cut anywhere is an error and no data") {
  ShellCommands host;
  install_esxi(host);
  const auto output = host.run(facts_script, {"word"}).get();
  REQUIRE(output);
  REQUIRE(split_answers(*output, "word"));
  std::size_t whole = 0;
  for (std::size_t length = 1; length < output->output.size(); ++length) {
    const auto answers = split_answers({.output = output->output.substr(0, length), .errors = {}}, "word");
    if (!answers) continue;
    ++whole;  // cut exactly between two answers: the later questions were not asked
    const Facts facts = facts_of(*answers);
    if (facts.inventory) CHECK_FALSE(facts.inventory->unanswered.empty());
  }
  CHECK(whole == 4);
}

TEST_CASE("carriage returns at line ends change nothing") {
  ShellCommands host;
  install_esxi(host);
  const auto output = host.run(facts_script, {"word"}).get();
  REQUIRE(output);
  auto answers = split_answers(*output, "word");
  REQUIRE(answers);
  for (Answer& one : *answers) {
    cbtctl::storage::CommandOutput framed{
        .output = "\nw ask " + one.name + " c\n" + support::with_carriage_returns(one.text) + "\nw end 0\n",
        .errors = {}};
    const auto again = split_answers(framed, "w");
    REQUIRE(again);
    CHECK(again->front().text == one.text);
  }
}
