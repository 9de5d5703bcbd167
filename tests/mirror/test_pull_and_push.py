"""Files of a working folder in a store, and in the working folder of another machine."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from fxai.mirror.location import STUDIES
from fxai.mirror.pull import Depth, locked, pull
from fxai.mirror.push import has_changes, push
from fxai.mirror.store import Store
from fxai.mirror.units import BESIDE, MirroredUnit
from mirror.conftest import Machine

FILES: Mapping[str, str] = {
    "trials/00000/agent.safetensors": "agent",
    "trials/00000/trial.log": "log",
    ".identity.json": "{}",
    "mine_results.json": "results",
}


def uploads(units: list[MirroredUnit], store: Store, *, everything: bool = True) -> list[str]:
    """The files that a push uploads."""
    upload = store.upload
    names: list[str] = []

    def noted(path: Path, name: str) -> str:
        names.append(name)
        return upload(path, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "upload", noted)
        push(units, store, everything=everything, uploaded=lambda: None)
    return names


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def contents(folder: Path) -> dict[str, str]:
    study = folder / "mine"
    return {path.relative_to(study).as_posix(): path.read_text() for path in study.rglob("*") if path.is_file()}


def test_another_machine_gets_the_files(url: str, machine: Machine) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, {**FILES, ".half.json.7.tmp": "half"})
    assert has_changes(here)
    push([here], store, everything=True, uploaded=lambda: None)
    assert not has_changes(here)
    there = MirroredUnit(machine("there"), "mine")
    assert pull(there, store, Depth.ALL) == []
    assert contents(there.folder) == FILES
    assert not has_changes(there)


@pytest.mark.parametrize(
    ("depth", "missing"),
    [
        (Depth.TOP, {"trials/00000/agent.safetensors", "trials/00000/trial.log"}),
        (Depth.RESULTS, {"trials/00000/agent.safetensors"}),
    ],
)
def test_a_command_gets_what_it_needs(url: str, machine: Machine, depth: Depth, missing: set[str]) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, FILES)
    push([here], store, everything=True, uploaded=lambda: None)
    there = MirroredUnit(machine("there"), "mine")
    pull(there, store, depth)
    assert set(contents(there.folder)) == set(FILES) - missing
    assert uploads([there], store) == []
    pull(there, store, Depth.ALL)
    assert contents(there.folder) == FILES


def test_only_changed_files_are_uploaded_the_results_last(url: str, machine: Machine) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, FILES)
    assert uploads([here], store) == [
        "mine/trials/00000/agent.safetensors",
        "mine/trials/00000/trial.log",
        "mine/.identity.json",
        "mine/mine_results.json",
    ]
    write(here.folder, FILES)  # the same contents
    assert uploads([here], store) == []
    write(here.folder, {"trials/00000/trial.log": "longer log"})
    assert uploads([here], store) == ["mine/trials/00000/trial.log"]


def test_checkpoints_are_uploaded_at_a_bounded_rate(url: str, machine: Machine) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    checkpoint = "trials/00001/checkpoint.safetensors"
    for step in range(3):
        write(here.folder, {checkpoint: f"step {step}"})
        assert uploads([here], store, everything=False) == ([f"mine/{checkpoint}"] if step == 0 else [])
    assert uploads([here], store) == [f"mine/{checkpoint}"]


def test_removed_files_are_removed_there(url: str, machine: Machine) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, FILES)
    push([here], store, everything=True, uploaded=lambda: None)
    there = MirroredUnit(machine("there"), "mine")
    pull(there, store, Depth.ALL)
    (here.folder / "mine" / "trials/00000/agent.safetensors").unlink()
    push([here], store, everything=True, uploaded=lambda: None)
    pull(there, store, Depth.ALL)
    assert set(contents(there.folder)) == set(FILES) - {"trials/00000/agent.safetensors"}


def test_a_folder_that_the_user_deletes_stays_in_the_store(url: str, machine: Machine) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, FILES)
    push([here], store, everything=True, uploaded=lambda: None)
    for path in (here.folder / "mine").rglob("*"):
        if path.is_file():
            path.unlink()
    for path in sorted((here.folder / "mine").rglob("*"), reverse=True):
        path.rmdir()
    (here.folder / "mine").rmdir()
    push([here], store, everything=True, uploaded=lambda: None)
    there = MirroredUnit(machine("there"), "mine")
    pull(there, store, Depth.ALL)
    assert contents(there.folder) == FILES


def test_files_that_were_not_uploaded_stay(url: str, machine: Machine) -> None:
    """The machine was the last that wrote, so the store has nothing new."""
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, FILES)
    push([here], store, everything=True, uploaded=lambda: None)
    write(here.folder, {"trials/00000/trial.log": "not uploaded"})
    assert pull(here, store, Depth.ALL) == []
    assert contents(here.folder) == {**FILES, "trials/00000/trial.log": "not uploaded"}
    assert uploads([here], store) == ["mine/trials/00000/trial.log"]


def test_a_file_that_changed_on_both_machines_is_kept(url: str, machine: Machine) -> None:
    store, here = Store(url), MirroredUnit(machine("here"), "mine")
    write(here.folder, FILES)
    push([here], store, everything=True, uploaded=lambda: None)
    there = MirroredUnit(machine("there"), "mine")
    pull(there, store, Depth.ALL)
    write(there.folder, {"trials/00000/trial.log": "of there", "new.txt": "new"})
    push([there], store, everything=True, uploaded=lambda: None)
    write(here.folder, {"trials/00000/trial.log": "of here"})
    (kept,) = pull(here, store, Depth.ALL)
    assert kept.read_text() == "of here"
    kept.unlink()
    assert contents(here.folder) == {**FILES, "trials/00000/trial.log": "of there", "new.txt": "new"}


def test_the_database_is_uploaded_whole_and_last(url: str, machine: Machine) -> None:
    store, folder = Store(url), machine("here")
    write(folder, FILES)
    with closing(sqlite3.connect(folder / STUDIES)) as writer:
        writer.execute("CREATE TABLE t (x)")
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        writer.execute("INSERT INTO t VALUES (2)")  # of a transaction that is not committed
        names = uploads([MirroredUnit(folder, BESIDE), MirroredUnit(folder, "mine")], store)
    assert names[-1] == STUDIES
    there = machine("there")
    pull(MirroredUnit(there, BESIDE), store, Depth.ALL)
    with closing(sqlite3.connect(there / STUDIES)) as reader:
        assert reader.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_one_process_of_a_machine_mirrors_a_study(url: str, machine: Machine) -> None:
    unit = MirroredUnit(machine("here"), "mine")
    with locked(unit) as first, locked(unit) as second, locked(MirroredUnit(unit.folder, "another")) as third:
        assert (first, second, third) == (True, False, True)
    assert not Store(url).files()
