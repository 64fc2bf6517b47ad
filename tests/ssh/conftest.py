"""Stand-ins for ESXi hosts: started once for the tests of a file, and put back after each as they were."""
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from standin import Standin

AT_ONCE = 6  # most of what runs side by side here waits


def pytest_addoption(parser):
    parser.addoption("--places", type=int, default=12, help="of each kind where cut_test stops a run (default: 12)")


def pytest_configure():
    """Who is told to end ends its stand-ins first."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))


@pytest.fixture(scope="module")
def started(source):
    """Starts stand-ins that last until the file's last test, one for the same words: started("8.0", ["ds=..."])."""
    hosts = {}

    def start(*arguments, **more):
        return hosts.get(repr((arguments, more))) or hosts.setdefault(
            repr((arguments, more)), Standin(source, *arguments, **more))
    yield start
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for stopped in [pool.submit(host.stop) for host in hosts.values()]:
            stopped.result()


@pytest.fixture
def standin(started):
    """The same for a test that may change the host: it is put back as it was."""
    lent = []

    def start(*arguments, **more):
        lent.append(started(*arguments, **more))
        return lent[-1]
    yield start
    for host in lent:
        host.reset()


@pytest.fixture(scope="module")
def module_host(started, request):
    """The host that the file's HOST asks for."""
    return started(**request.module.HOST)


@pytest.fixture
def host(module_host):
    """The same for a test that may change it."""
    yield module_host
    module_host.reset()


@pytest.fixture(scope="module")
def side_by_side():
    """Runs that wait most of their time do so together: side_by_side(call, ...) starts one, result() waits for it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool.submit
        pool.shutdown(wait=True, cancel_futures=True)


@pytest.fixture(scope="module")
def chosen(request):
    """chosen("test_it"): the parameters of each case of a test that pytest was asked for, so that all can be started
    before the first is looked at."""
    return lambda name: [item.callspec.params for item in request.session.items
                         if item.path == request.path and item.originalname == name]
