#include "tests/support/catch.h"

#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Severity;

namespace {

std::string entry(const std::string& number, const std::string& uid, const std::string& more = {}) {
  const std::string head = "snapshot" + number;
  return head + ".uid = \"" + uid + "\"\n" + head + ".disk0.fileName = \"x.vmdk\"\n" + head +
         ".disk0.node = \"scsi0:0\"\n" + (more.empty() ? "" : head + more + "\n");
}

Checked listed(const std::string& text, const Files& more = {}) {
  return check(with(with(with_snapshot(), {{"x/x.vmsd", ".encoding = \"UTF-8\"\n" + text}}), more));
}

}  // namespace

TEST_CASE("a snapshot list whose entries agree says nothing, whatever their numbers") {
  const std::string text =
      GENERATE(entry("0", "1") + "snapshot.numSnapshots = \"1\"\nsnapshot.current = \"1\"\n",
               entry("7", "3") + "snapshot.numSnapshots = \"1\"\nsnapshot.current = \"3\"\n",
               entry("0", "1") + entry("4", "2", ".parent = \"1\"") + "snapshot.numSnapshots = \"2\"\n",
               entry("0", "1", ".parent = \"0\"") + "snapshot.current = \"0\"\n");
  CHECK_FALSE(listed(text).has("vmsd-inconsistent"));
}

TEST_CASE("a snapshot list that contradicts itself is told once, with each contradiction") {
  const auto evidence = [](const std::string& text) {
    const auto found = listed(text);
    CHECK(found.path("vmsd-inconsistent") == "x/x.vmsd");
    return found.first("vmsd-inconsistent").evidence;
  };
  CHECK(evidence(entry("0", "1") + "snapshot.numSnapshots = \"2\"\n").front().label == "snapshot.numSnapshots");
  CHECK(evidence(entry("0", "1") + "snapshot.current = \"5\"\n").front().found == "5");
  CHECK(evidence(entry("0", "1", ".parent = \"9\"")).front().label == "parent of 1");
  CHECK(evidence(entry("0", "1") + entry("1", "1")).front().label == "uid");
  CHECK(evidence(entry("0", "1", ".filename = \"x-Snapshot1.vmsn\"")).front().expected == "x-Snapshot1.vmsn");
  CHECK(evidence(entry("0", "1", ".parent = \"9\"") + "snapshot.current = \"5\"\n").size() == 2);
}

TEST_CASE("a state file that is there, or outside the scan, is no contradiction") {
  CHECK_FALSE(listed(entry("0", "1", ".filename = \"x-Snapshot1.vmsn\""), {{"x/x-Snapshot1.vmsn", "x"}})
                  .has("vmsd-inconsistent"));
  CHECK_FALSE(listed(entry("0", "1", ".filename = \"/vmfs/volumes/other/x-Snapshot1.vmsn\"")).has("vmsd-inconsistent"));
}

TEST_CASE("consolidation is told by the list, or else by the configuration, once") {
  CHECK(check(with(off(), {{"x/x.vmsd", "snapshot.needConsolidate = \"TRUE\"\n"}})).path("consolidation-needed") ==
        "x/x.vmsd");
  const Files noted = with(off(), {{"x/x.vmx", vmx("x.vmdk", "snapshot.needConsolidate = \"true\"\n")}});
  CHECK(check(noted).path("consolidation-needed") == "x/x.vmx");
  CHECK(check(with(noted, {{"x/x.vmsd", "snapshot.needConsolidate = \"TRUE\"\n"}})).count("consolidation-needed") == 1);
  CHECK_FALSE(check(with(off(), {{"x/x.vmsd", "snapshot.needConsolidate = \"FALSE\"\n"}})).has("consolidation-needed"));
}

TEST_CASE("a backup product's snapshot is a note, and a warning after three days") {
  const auto of = [](const std::string& name, std::int64_t age_days) {
    Datastore datastore =
        scan(with(with_snapshot(),
                  {{"x/x.vmsd", entry("0", "1", ".displayName = \"" + name + "\"") +
                                    "snapshot0.createTimeHigh = \"388801\"\nsnapshot0.createTimeLow = \"0\"\n"}}));
    const std::int64_t created_us = std::int64_t{388801} << 32;
    datastore.snapshot_files[0].newest_ns = (created_us + age_days * 86'400'000'000) * 1000;
    return check(std::move(datastore));
  };
  const std::string name = GENERATE("VEEAM BACKUP TEMPORARY SNAPSHOT", "Consolidate Helper- 0", "NBU_SNAPSHOT x 1");
  CHECK(of(name, 2).first("snapshot-temporary").severity == Severity::note);
  CHECK(of(name, 3).first("snapshot-temporary").severity == Severity::warning);
  CHECK(of(name, 3).path("snapshot-temporary") == "x/x.vmsd");
  CHECK_FALSE(of("Restore Point 4-30-2024 22:00:12", 300).has("snapshot-temporary"));
  CHECK_FALSE(of("before the upgrade", 300).has("snapshot-temporary"));
}
