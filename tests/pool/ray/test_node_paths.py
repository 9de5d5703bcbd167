"""Where a node finds the user's files."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from drive_workers import request_for
from fxai.pool.ray.messages import NodeFiles, ShippedPath
from fxai.pool.ray.node_paths import NodePaths
from fxai.pool.remote.messages import SubmitTrial
from fxai.spec.fields.environment import MOVED_PATHS, expanded_path
from ray_cluster import node_files


@pytest.fixture
def files(tmp_path: Path) -> NodeFiles:
    """Code and data of the parent, whose copies are in `copies`."""
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / "bars.csv").write_text("bars")
    shipped = (ShippedPath("/parent/code", "code"), ShippedPath("${DATA}/bars.csv", "bars.csv"))
    return replace(node_files(tmp_path), folder=tmp_path, shipped=shipped, needed=("${DATA}/bars.csv",))


def elsewhere(files: NodeFiles) -> NodeFiles:
    """The files as a node sees them that does not share the parent's folders."""
    files.probe.file.unlink()
    return files


def test_a_node_that_shares_the_parents_folders_uses_them(
    files: NodeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA", str(tmp_path / "copies"))
    monkeypatch.chdir("/")
    paths = NodePaths(files, tmp_path / "copies")
    message = SubmitTrial(0, replace(request_for("counts", 1, tmp_path), folder="/parent/code"))
    assert paths.moved(message) == message
    paths.enter()
    assert Path.cwd() == tmp_path
    assert MOVED_PATHS not in os.environ


def test_another_node_uses_the_copies(files: NodeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MOVED_PATHS, "{}")  # is restored after the test
    paths = NodePaths(elsewhere(files), tmp_path / "copies")
    paths.enter()
    assert expanded_path("${DATA}/bars.csv") == tmp_path / "copies" / "bars.csv"
    assert expanded_path("other.csv") == Path("other.csv")
    message = paths.moved(SubmitTrial(0, replace(request_for("counts", 1, tmp_path), folder="/parent/code")))
    assert isinstance(message, SubmitTrial)
    assert message.request.folder == str(tmp_path / "copies" / "code")
    assert message.request.directory == tmp_path / "00001"


def test_data_that_are_neither_sent_nor_on_the_node_are_missing(files: NodeFiles, tmp_path: Path) -> None:
    files = elsewhere(files)
    assert NodePaths(files, tmp_path / "copies").missing == ()
    assert NodePaths(replace(files, shipped=()), tmp_path).missing == ("${DATA}/bars.csv",)
    assert NodePaths(replace(files, needed=("/gone/bars.csv",)), tmp_path).missing == ("/gone/bars.csv",)
    assert NodePaths(replace(files, needed=(str(tmp_path / "copies" / "bars.csv"),)), tmp_path).missing == ()
