"""What every script is given: the program, the sources, the bundled datastores, and a folder of its own to work in.

Whatever starts the program keeps its state in that folder, so that no test sees the runs of another, nor the user's.
"""
import functools
import shutil
import tempfile
from pathlib import Path

import pytest

pytest.register_assert_rewrite("program")

from folders import SOURCE, copy_folder  # noqa: E402
from program import Program  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--program", type=Path, default=SOURCE / "build/cbtctl", metavar="PATH",
                     help="the cbtctl that is tested (default: build/cbtctl of this source tree)")
    parser.addoption("--rounds", type=int, metavar="N",
                     help="how many random cases are made by the tests that make some")
    parser.addoption("--seed", default="1", help="what the random cases are made from; the same seed makes the same")


def pytest_configure(config):
    path = config.getoption("program")
    if not path.is_file():
        raise pytest.UsageError(f"{path}: there is no such program; build it, or name another by --program")
    if not (SOURCE / "fixtures/demo/app01").is_dir():
        raise pytest.UsageError("the bundled datastores are not made yet: run tools/make_fixtures")


def new_folder():
    """Not pytest's own, which stays after the test: copies of disks are kept no longer than they are needed."""
    folder = Path(tempfile.mkdtemp(prefix="cbtctl-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def source():
    """The top of the source tree."""
    return SOURCE


@pytest.fixture(scope="session")
def fixtures(source):
    """The bundled datastores: read, never written."""
    return source / "fixtures"


@pytest.fixture(scope="session")
def demo(fixtures):
    return fixtures / "demo"


@pytest.fixture(scope="session")
def program_path(request):
    return request.config.getoption("program").resolve()


@pytest.fixture
def scratch():
    """An empty folder for one test."""
    yield from new_folder()


@pytest.fixture(scope="module")
def module_scratch():
    """An empty folder for what the tests of one file share."""
    yield from new_folder()


@pytest.fixture
def program(program_path, scratch):
    """The program, with its state in the test's own folder."""
    return Program(program_path, scratch / "home")


@pytest.fixture(scope="module")
def module_program(program_path, module_scratch):
    """The program for what the tests of one file share."""
    return Program(program_path, module_scratch / "home")


@pytest.fixture
def copy_of(fixtures, scratch):
    """A copy of a bundled datastore in the test's own folder: copy_of("healthy")."""
    return lambda case, name="ds": copy_folder(fixtures / case, scratch / name)


@pytest.fixture
def run(program, scratch):
    """Runs the program in the test's own folder."""
    return functools.partial(program.run, cwd=scratch)


@pytest.fixture
def read(program, scratch):
    """Its JSON, from there."""
    return functools.partial(program.json, cwd=scratch)
