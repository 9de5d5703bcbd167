"""Optuna's own storage tests, on ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from optuna.testing.pytest_storages import StorageTestCase

from database_servers import DatabaseServer
from fxai.search.storage import WriteBehindStorage


@pytest.fixture(scope="module")
def opened() -> Iterator[WriteBehindStorage]:
    """One for all tests and in memory: opening takes its time, and so do hundreds of commits to a disk."""
    storage = WriteBehindStorage("sqlite:///:memory:")
    yield storage
    storage.close()


@pytest.fixture
def storage(request: pytest.FixtureRequest, opened: WriteBehindStorage, tmp_path: Path) -> Iterator[WriteBehindStorage]:
    """Without studies; on disk for the test that opens it a second time."""
    if "pickle" in request.node.name:
        on_disk = WriteBehindStorage(f"sqlite:///{tmp_path / 'studies.db'}")
        yield on_disk
        on_disk.close()
        return
    yield opened
    for study_id in {opened.get_study_id_from_name(study.study_name) for study in opened.get_all_studies()}:
        opened.delete_study(study_id)


class TestWriteBehindStorage(StorageTestCase):
    """The suite that Optuna publishes for storages."""


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def on_server(request: pytest.FixtureRequest) -> Iterator[WriteBehindStorage]:
    """One for all tests of a server."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    storage = WriteBehindStorage(server.url())
    yield storage
    storage.close()


class TestWriteBehindStorageOnServers(StorageTestCase):
    """The same suite on database servers."""

    @pytest.fixture
    def storage(self, on_server: WriteBehindStorage) -> Iterator[WriteBehindStorage]:
        yield on_server
        for study_id in {on_server.get_study_id_from_name(name) for name in on_server.study_names()}:
            on_server.delete_study(study_id)
