"""reset, disable, enable, clean, repair, apply, undo, history and purge on a stand-in host, and why it is refused."""
import re

import pytest

from folders import picture
from machines import make_machine, tracking
from program import RECOVER
from schemas import violations

DS, MAC = "/vmfs/volumes/ds", "00:50:56:aa:bb:cc"


@pytest.fixture(scope="module")
def pristine(module_scratch):
    """Two machines, x and y."""
    for name in ("x", "y"):
        make_machine(module_scratch / "ds" / name, name)
    return module_scratch / "ds"


@pytest.fixture
def administration(program, standin, pristine):
    return Administration(program, standin("8.0", [f"ds={pristine}"]))


class Administration:
    """What an administrator does with one host."""

    def __init__(self, program, host):
        self.program, self.host, self.volume = program, host, host.volume("ds")

    def words(self, words, target):
        return [*words, *([self.host.target(target)] if target else []), "--ssh-config", self.host.ssh_config]

    def run(self, *words, target=DS, **more):
        return self.program.run(*self.words(words, target), **more)

    def json(self, *words, target=DS, **more):
        return self.program.json(*self.words(words, target), **more)

    def change(self, *words, **more):
        """The document of a verb that changes something."""
        report = self.json(*words, **more)
        assert violations(report) == []
        return report

    def undo(self, **more):
        """Of its own run, which remembers how the host was reached."""
        report = self.program.json("undo", "--yes", **more)
        assert violations(report) == []
        return report

    def states(self):
        """Of each disk: (configuration, slot) -> the state of its tracking."""
        return self.program.states(*self.words((), DS))

    def codes(self):
        found = [finding["code"] for finding in self.json("check")["findings"]]
        return [code for code in found if not code.startswith("advisory-")]

    def loaded(self, name):
        """What the host itself believes of a machine's tracking."""
        return self.host.ssh(f"vim-cmd vmsvc/get.config {self.host.id_of(name)} | grep changeTracking").stdout.strip()

    def refusals(self, *words):
        """Why x is not reset."""
        report = self.change("reset", "--yes", "--vm", "x", *words)
        return [r["reason"] for r in report["plan"]["refused"]] + [
            r["reason"] for r in report.get("results", []) if r["outcome"] == "refused"]


def outcomes(report):
    return [(result["vm"], result["outcome"]) for result in report["results"]]


def waits(found):
    return int(re.search(r"after the login (\d+) waits", found.stderr).group(1))


# --- a verb, the same again, and its undo, on a host of the newest and of the oldest release --------------------------

COURSES = [(release, *verb) for release in ("8.0", "6.0")
           for verb in (("reset", "pending", "true"), ("disable", "off", "false"))]


class Course:
    """What is told and found on the way."""

    def __init__(self, administration, verb, who):
        volume = administration.volume
        self.before = picture(volume)
        self.report = administration.change(verb, "--yes", who=who)
        self.states, self.loaded = administration.states(), administration.loaded("x")
        self.after = picture(volume)
        self.kept = sorted(path.name for path in volume.glob("x/.cbtctl/*/*"))
        self.again = administration.change(verb, "--yes", who=who)
        self.undone = administration.undo(who=who)
        self.restored, self.loaded_again = picture(volume), administration.loaded("x")
        self.left = list(volume.rglob(".cbtctl"))


@pytest.fixture(scope="module", params=COURSES, ids=[f"{verb} on {release}" for release, verb, *_ in COURSES])
def course(request, module_program, started, pristine):
    release, verb, state, is_on = request.param
    host = started(release, [f"ds={pristine}"])
    found = Course(Administration(module_program, host), verb, f"{verb}-{release}")
    host.reset()
    found.state, found.is_on = state, is_on
    return found


def test_each_machine_is_changed(course):
    assert outcomes(course.report) == [("x/x.vmx", "changed"), ("y/y.vmx", "changed")]
    assert [result["follow_up"] for result in course.report["results"]] == [[], []]
    assert course.report["exit_status"] == 0


def test_each_disk_is_in_the_state_that_the_verb_leads_to(course):
    assert set(course.states.values()) == {course.state} and len(course.states) == 4


def test_the_host_reads_the_change(course):
    assert course.loaded == f"changeTrackingEnabled = {course.is_on}"


def test_modes_and_owners_are_kept(course):
    assert {path: course.after[path][:3] for path in course.after} == {
        path: course.before[path][:3] for path in course.after}


def test_the_ctk_files_are_moved(course):
    assert [path for path in course.after if path.endswith("-ctk.vmdk")] == []


def test_what_was_changed_is_kept(course):
    assert course.kept == ["x.vmx.0.kept", "x.vmx.1.kept", "x.vmx.2.kept", "x.vmx.3.moved", "x.vmx.4.moved",
                           "x.vmx.plan.json"]


def test_the_same_verb_again_changes_nothing(course):
    assert not course.again["plan"]["changes"] and len(course.again["plan"]["unchanged"]) == 2


def test_undo_restores_every_byte_and_leaves_nothing(course):
    assert [outcome for _, outcome in outcomes(course.undone)] == ["restored", "restored"]
    assert course.restored == course.before
    assert course.left == []


def test_the_host_reads_what_is_undone(course):
    assert course.loaded_again == "changeTrackingEnabled = true"


# --- each other verb --------------------------------------------------------------------------------------------------


def test_disable_of_one_disk_leaves_the_other_and_enable_leaves_what_is_tracked(administration):
    report = administration.change("disable", "--disk", "scsi0:1", "--vm", "x", "--yes", status=0)
    assert report["exit_status"] == 0
    found = administration.states()
    assert (found["x/x.vmx", "scsi0:0"], found["x/x.vmx", "scsi0:1"]) == ("tracked", "off")
    administration.change("enable", "--vm", "x", "--yes")
    found = administration.states()
    assert (found["x/x.vmx", "scsi0:0"], found["x/x.vmx", "scsi0:1"]) == ("tracked", "pending")


@pytest.fixture
def orphan(administration):
    """A CTK file that nobody names."""
    path = administration.volume / "x/gone-ctk.vmdk"
    path.write_bytes(tracking())
    return path


def test_clean_leaves_what_is_young(administration, orphan):
    young = administration.change("clean", "--yes")
    assert [r["reason"] for r in young["plan"]["refused"]] == ["too-young"] and orphan.exists()


def test_clean_takes_away_and_purge_asks_before_it_deletes(administration, orphan):
    cleaned = administration.change("clean", "--yes", "--min-age", "0")
    assert [outcome for _, outcome in outcomes(cleaned)] == ["changed"] and not orphan.exists()
    administration.run("purge", "--older-than", "0", status=16)
    assert list(administration.volume.rglob("*.moved"))
    administration.run("purge", "--older-than", "0", "--yes", status=0)
    assert not list(administration.volume.rglob("*.moved"))


def test_repair_mends_what_check_finds_and_undo_takes_it_back(administration):
    (administration.volume / "x/x-ctk.vmdk").unlink()
    before = picture(administration.volume)
    assert administration.codes() == ["ctk-missing"]
    assert [outcome for _, outcome in outcomes(administration.change("repair", "--yes"))] == ["changed"]
    assert set(administration.codes()) == {"cbt-pending"}, "it is gone, and nothing is new"
    administration.undo()
    assert picture(administration.volume) == before


def test_a_plan_is_applied_but_to_what_changed_since(administration, pristine, scratch):
    plan = scratch / "plan.json"
    administration.run("reset", "--plan-out", plan, status=0)
    assert plan.exists() and picture(administration.volume) == picture(pristine), "planning changes nothing"
    with open(administration.volume / "y/y.vmx", "a") as file:
        file.write('annotation = "changed"\n')
    applied = administration.change("apply", plan, "--yes", target=None)
    assert outcomes(applied) == [("x/x.vmx", "changed"), ("y/y.vmx", "refused")] and applied["exit_status"] == 4


# --- what is no CTK file stays: tests/cli/aside_test.py has every kind ------------------------------------------------

NO_CTK_FILES = {"x/x": "x-flat.vmdk", "x/x_1": "../y/y-flat.vmdk", "y/y": "vmware.log", "y/y_1": "../x/old-f001.vmdk"}


def data(volume):
    return {path: what for path, what in picture(volume).items()
            if not path.endswith(("-ctk.vmdk", ".vmx")) and path[:-5] not in NO_CTK_FILES}


@pytest.mark.parametrize("verb", ["disable", "reset", "repair", "clean"])
def test_nothing_but_a_ctk_file_is_moved_on_a_host(administration, verb):
    volume = administration.volume
    for name in ("x/old-f001.vmdk", "y/c-flat.vmdk"):
        (volume / name).write_bytes(tracking())
    for disk, named in NO_CTK_FILES.items():
        path = volume / f"{disk}.vmdk"
        path.write_text(re.sub('changeTrackPath=".*"', f'changeTrackPath="{named}"', path.read_text()))
    before, all_before = data(volume), picture(volume)
    age = ["--min-age", "0s"] if verb in ("repair", "clean") else []
    report = administration.change(verb, "--yes", *age)
    assert outcomes(report) == [("x/x.vmx", "changed"), ("y/y.vmx", "changed")]
    moved = {change["path"] for change in report["plan"]["changes"] if change["kind"] == "quarantine"}
    assert moved == {f"{disk}-ctk.vmdk" for disk in NO_CTK_FILES} and data(volume) == before
    assert outcomes(administration.undo()) == [("y/y.vmx", "restored"), ("x/x.vmx", "restored")]
    assert picture(volume) == all_before


@pytest.fixture
def run_id(administration, program):
    """A reset of x is done."""
    administration.run("reset", "--vm", "x", "--yes")
    return next(path.name for path in (program.state() / "cbtctl").iterdir())


def start_tracking(volume):
    """What a host does with x when it is powered on."""
    for base, seed in (("x", 40), ("x_1", 41)):
        path = volume / f"x/{base}.vmdk"
        section = f'# Change Tracking File\nchangeTrackPath="{base}-ctk.vmdk"\n\n# The Disk'
        path.write_text(path.read_text().replace("version=1", "version=3").replace("# The Disk", section))
        (volume / f"x/{base}-ctk.vmdk").write_bytes(tracking(seed=seed))


def verdicts(administration, run_id):
    told = administration.json("history", run_id, "--verify", target=None)
    return {place["verdict"] for place in told["verification"]}


def test_history_lists_a_run_here_and_on_the_host_for_others(administration, run_id):
    assert run_id in administration.run("history", target=None).stdout
    assert run_id in administration.run("history", who="another").stdout


def test_history_verifies_that_tracking_starts_with_the_power_on(administration, run_id):
    assert verdicts(administration, run_id) == {"not started yet: power the VM on"}
    start_tracking(administration.volume)
    assert verdicts(administration, run_id) == {"restarted, proven"}


def test_nothing_is_undone_once_the_machine_ran(administration, run_id):
    start_tracking(administration.volume)
    undone = administration.change("undo", run_id, "--yes", who="another")
    assert [r["reason"] for r in undone["results"]] == ["ran-since"] and undone["exit_status"] == 4


def pending_task(host):
    number = host.id_of("x")
    host.add("task", number, f"haTask-{number}-vim.VirtualMachine.createSnapshot-3887")


@pytest.mark.parametrize("reason, make", [
    pytest.param("powered-on", lambda host: host.set_power("x", "on"), id="powered on"),
    pytest.param("locked", lambda host: host.add("lock", f"{DS}/x/x-flat.vmdk", 1, MAC), id="its extent locked"),
    pytest.param("locked", lambda host: host.add("lock", f"{DS}/x/x-flat.vmdk", 2, MAC), id="its extent read-locked"),
    pytest.param("locked", lambda host: host.add("lock", f"{DS}/x/x.vmx", 1, MAC), id="its configuration locked"),
    pytest.param("pending-task", pending_task, id="a task under way"),
    pytest.param("not-registered", lambda host: host.unregister("x"), id="not registered")])
def test_what_only_a_host_knows_is_a_reason_to_refuse(administration, reason, make):
    make(administration.host)
    before = picture(administration.volume)
    assert administration.refusals() == [reason]
    assert picture(administration.volume) == before, "nothing is touched"


def test_assume_unregistered_is_the_operator_s_word_and_undo_needs_none(administration, pristine):
    administration.host.unregister("x")
    report = administration.change("reset", "--yes", "--vm", "x", "--assume-unregistered", "x")
    assert outcomes(report) == [("x/x.vmx", "changed")]
    assert outcomes(administration.undo()) == [("x/x.vmx", "restored")]
    assert picture(administration.volume) == picture(pristine)


def test_apply_takes_the_operator_s_word_too(administration, scratch):
    plan = scratch / "plan.json"
    administration.run("reset", "--vm", "x", "--plan-out", plan, status=0)
    administration.host.unregister("x")
    refused = administration.change("apply", plan, "--yes", target=None, status=4)
    assert [result["reason"] for result in refused["results"]] == ["not-registered"]
    report = administration.change("apply", plan, "--yes", "--assume-unregistered", "x", target=None)
    assert outcomes(report) == [("x/x.vmx", "changed")]


def test_where_no_lock_can_be_asked_only_who_is_registered_here_is_changed(administration):
    administration.host.add("quirk", "no-locks")  # as NFS 4.1: a host that has it registered and off is proof enough
    assert administration.refusals("--dry-run") == []
    administration.host.unregister("x")
    assert administration.refusals() == ["not-registered"]


def test_a_reload_that_fails_is_no_success_and_is_put_right_later(administration, pristine):
    host = administration.host
    command = f"vim-cmd vmsvc/reload {host.id_of('x')}"
    planned = host.answer(command, "(vim.fault.InvalidState) {\n   msg = \"no\"\n}\n", status=1)
    report = administration.change("reset", "--yes", "--vm", "x", status=8)
    assert report["exit_status"] == 8 and outcomes(report) == [("x/x.vmx", "failed")]
    planned.unlink()
    recovered = administration.change(*RECOVER, status=0)
    assert picture(administration.volume) == picture(pristine) and recovered["exit_status"] == 0


@pytest.mark.parametrize("name", ["x.vmdk", "x-ctk.vmdk"])
def test_no_write_goes_through_a_link_that_leads_out_of_the_target(administration, name):
    outside, inside = administration.host.root / "tmp" / name, administration.volume / "x" / name
    content = inside.read_bytes()
    outside.write_bytes(content)
    inside.unlink()
    inside.symlink_to(f"/tmp/{name}")
    before = picture(administration.volume)
    report = administration.change("reset", "--yes", "--vm", "x")
    assert report["exit_status"] & 4
    assert picture(administration.volume) == before and inside.is_symlink() and outside.read_bytes() == content


def test_an_odd_name_is_a_name_like_any_other(administration):
    make_machine(administration.volume / "odd '$(touch gone)` [x] 100%\\", "odd")
    before = picture(administration.volume)
    report = administration.change("reset", "--yes", "--vm", "odd", "--assume-unregistered", "odd")
    assert [outcome for _, outcome in outcomes(report)] == ["changed"]
    administration.undo()
    assert picture(administration.volume) == before


def test_a_reset_of_all_volumes_is_undone_by_another_administrator(administration):
    before = picture(administration.volume)
    report = administration.change("reset", "--yes", target="/vmfs/volumes")
    assert sorted(outcomes(report)) == [("ds/x/x.vmx", "changed"), ("ds/y/y.vmx", "changed")]
    administration.change("undo", "--yes", target="/vmfs/volumes", who="another")
    assert picture(administration.volume) == before


def test_a_machine_with_two_disks_costs_at_most_24_waits(administration):
    """So many times a run waits for the host, for each machine more; three of them for the look right before its keys
    turn TRUE."""
    one = administration.run("reset", "--yes", "--vm", "x", "--verbose", status=0)
    administration.undo()
    two = administration.run("reset", "--yes", "--verbose", status=0)
    assert 0 < waits(two) - waits(one) <= 24


def test_a_run_over_ssh_is_undone_on_a_mount(administration, program):
    before = picture(administration.volume)
    administration.change("reset", "--yes", "--vm", "x")
    program.run("undo", administration.volume, "--yes", who="mount", status=0)
    assert picture(administration.volume) == before
