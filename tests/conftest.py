"""Setup of all tests: one torch thread, a home folder for each test, no files and processes left behind."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from database_servers import DatabaseServer, mariadb_server, postgresql_server
from ray_cluster import KeptHosts, SmallCluster, kept_hosts, small_cluster
from worker_process import words_of

# Before any test module loads torch or numpy: suites run on machines with few cores.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

REPOSITORY = Path(__file__).parents[1]
SHORT_FOLDERS = {"evaluation", "market", "protocol", "spec"}
"""The folders in which every file of tests takes a few seconds at most."""
settings.register_profile("shared", deadline=None)  # on shared machines, the time of an example varies
settings.load_profile("shared")

CACHES = {
    "__pycache__",
    ".pytest_cache",
    ".hypothesis",
    ".mypy_cache",
    ".ruff_cache",
    ".coverage",
    ".git",
    ".venv",
    ".poetry",
}


def pytest_configure(config: pytest.Config) -> None:
    """Have xdist begin the files in the order below, and have SIGINT interrupt this process and its children.

    By itself xdist begins the files with the fewest tests last.
    """
    config.option.loadscopereorder = False
    # A shell without job control starts background processes with SIGINT ignored, which children inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the short files last, so that all cores end at about the same time."""
    items.sort(key=lambda item: item.path.relative_to(REPOSITORY / "tests").parts[0] in SHORT_FOLDERS)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's settings."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))


@pytest.fixture(autouse=True)
def _modules_of_the_test_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """This process forgets the modules that a test writes, so that another test can have one of the same name."""
    before = list(sys.path)
    yield
    sys.path[:] = before
    written = f"{tmp_path_factory.getbasetemp()}{os.sep}"
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__dict__", {}).get("__file__") or "").startswith(written):
            del sys.modules[name]


@pytest.fixture(scope="module")
def inline_workers() -> Iterator[None]:
    """Studies and trainings of a module run in this process."""
    from inline_workers import train_in_this_process  # noqa: PLC0415 - imports numpy, after the variables above

    with train_in_this_process():
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    """A PostgreSQL server for all tests of this process."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """A MariaDB server for all tests of this process; without one the test is skipped."""
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[SmallCluster]:
    """A Ray cluster for all tests of this process."""
    with small_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def ray_hosts(ray_cluster: SmallCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptHosts]:
    """A connection to the cluster for the pools of all tests of this process."""
    with kept_hosts(ray_cluster.address, tmp_path_factory.mktemp("ray")) as hosts:
        yield hosts


@pytest.fixture(params=["postgresql", "mariadb"])
def database_server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Each of the servers."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    before = _files()
    yield
    children = psutil.Process().children(recursive=True)
    running = {each: words for each in children if (words := words_of(each))}
    left = [each for each, words in running.items() if not any("resource_tracker" in word for word in words)]
    assert not left, f"the tests left processes behind: {left}"
    assert _files() <= before, f"the tests left files behind: {sorted(_files() - before)}"


def _files() -> set[Path]:
    found: set[Path] = set()
    for folder, folders, names in os.walk(REPOSITORY):
        folders[:] = [name for name in folders if name not in CACHES]
        found.update(Path(folder) / name for name in names)
    return found
