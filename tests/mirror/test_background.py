"""The thread that uploads during a run, with a store that cannot be reached for a while."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fxai.errors import StudyHeldError
from fxai.mirror import background
from fxai.mirror.background import BackgroundMirror
from fxai.mirror.push import push
from fxai.mirror.store import Store
from fxai.mirror.units import MirroredUnit
from mirror.conftest import Machine
from result_stores import new_folder


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"PAUSE_SECONDS": 0.01, "LONGEST_PAUSE": 0.02, "STALLED_SECONDS": 0.5}.items():
        monkeypatch.setattr(background, name, seconds)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return new_folder(tmp_path)


@pytest.fixture
def unit(machine: Machine) -> MirroredUnit:
    unit = MirroredUnit(machine("here"), "mine")
    (unit.folder / "mine").mkdir()
    (unit.folder / "mine" / "a.txt").write_text("a")
    return unit


def mirror_of(unit: MirroredUnit, url: str, renew: Callable[[], None] = lambda: None) -> BackgroundMirror:
    return BackgroundMirror(
        lambda everything, uploaded: push([unit], Store(url), everything=everything, uploaded=uploaded),
        renew,
        url,
        str(unit.folder),
    )


def message(mirror: BackgroundMirror) -> str:
    while not (found := mirror.messages()):
        threading.Event().wait(0.01)
    (only,) = found
    return only


def test_a_store_that_is_away_for_a_while(unit: MirroredUnit, url: str, tmp_path: Path) -> None:
    blocked = tmp_path / "store"
    blocked.write_text("a file instead of the folder")
    mirror = mirror_of(unit, url)
    assert "the upload is tried again" in message(mirror)
    blocked.unlink()
    assert mirror.end(lambda: False) is None
    assert (blocked / "mine" / "a.txt").read_text() == "a"


def test_a_store_that_stays_away(unit: MirroredUnit, url: str, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file instead of the folder")
    fault = mirror_of(unit, url).end(lambda: False)
    assert fault is not None
    assert f"They are in {unit.folder}; run the same command again" in fault
    (tmp_path / "store").unlink()
    assert mirror_of(unit, url).end(lambda: False) is None
    assert (tmp_path / "store" / "mine" / "a.txt").read_text() == "a"


def test_a_store_that_hangs_does_not_hold_the_end(unit: MirroredUnit, url: str) -> None:
    hanging, released = threading.Event(), threading.Event()

    def hang(_everything: bool, _uploaded: Callable[[], None]) -> None:  # noqa: FBT001 - called so
        hanging.set()
        released.wait(60)

    mirror = BackgroundMirror(hang, lambda: None, url, str(unit.folder))
    hanging.wait(60)
    assert "the upload was not finished" in str(mirror.end(lambda: False))
    released.set()


def test_an_urgent_end_does_not_wait(unit: MirroredUnit, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STALLED_SECONDS", 3600)
    hanging, released = threading.Event(), threading.Event()

    def hang(_everything: bool, _uploaded: Callable[[], None]) -> None:  # noqa: FBT001 - called so
        hanging.set()
        released.wait(60)

    mirror = BackgroundMirror(hang, lambda: None, url, str(unit.folder))
    hanging.wait(60)
    assert "the upload was not finished" in str(mirror.end(lambda: True))
    released.set()


def test_an_abandoned_study_is_uploaded_no_more(unit: MirroredUnit, url: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    mirror = mirror_of(unit, url)
    while not (store / "mine" / "a.txt").is_file():
        threading.Event().wait(0.01)
    mirror.abandon()
    mirror.end(lambda: False)  # waits for the thread
    (unit.folder / "mine" / "a.txt").write_text("of the former owner")
    threading.Event().wait(0.1)
    assert (store / "mine" / "a.txt").read_text() == "a"


def test_a_run_that_lost_its_claim_uploads_no_more(unit: MirroredUnit, url: str, tmp_path: Path) -> None:
    def lost() -> None:
        raise StudyHeldError("process 7 on other holds it")

    mirror = mirror_of(unit, url, lost)
    assert "process 7 on other holds it" in message(mirror)
    assert "process 7 on other holds it" in str(mirror.end(lambda: False))
    assert not (tmp_path / "store").exists()
