"""A store of each kind, and machines that share it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fxai.mirror.location import local_folder
from result_stores import new_bucket, new_folder, s3_server

Machine = Callable[[str], Path]


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(params=["file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store."""
    if request.param == "file":
        return new_folder(tmp_path)
    return new_bucket(request.getfixturevalue("s3"), monkeypatch)


@pytest.fixture
def machine(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Working folder of the store on a machine of a name."""

    def folder(name: str) -> Path:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
        return local_folder(url)

    return folder
