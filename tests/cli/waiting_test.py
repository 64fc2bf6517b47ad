"""A mount that does not answer: strace holds a call back, as a server that is gone does."""
from program import fault


def test_a_path_that_does_not_answer_is_named(program, copy_of):
    folder = copy_of("healthy")
    slow = fault("getdents64", "delay_enter=11000000:when=1", path=folder)
    found = program.run("scan", folder, under=slow, status=0, says=f"{folder}: no answer for 10 s, and still waited")
    assert found.stderr.count("\n") == 1, found


def test_a_path_that_answers_is_not_named(program, copy_of):
    assert program.run("scan", copy_of("healthy"), status=0).stderr == ""
