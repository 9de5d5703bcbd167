import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from database_servers import DatabaseServer
from fxai.errors import StorageError, StudyHeldError
from fxai.search.lock import hold_folder, hold_study, is_held, lock_path

HOLDER = """
import sys, time
from pathlib import Path
from fxai.search.lock import hold_study
with hold_study(sys.argv[1], sys.argv[2], Path(sys.argv[3])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(url: str, study: str, directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, url, study, str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_names_the_holder_until_the_holder_is_killed(url: str, tmp_path: Path) -> None:
    process = holder(url, "mine", tmp_path)
    with process:
        with pytest.raises(StudyHeldError) as refusal, hold_study(url, "mine", tmp_path):
            pass
        assert f"process {process.pid}, which started 20" in str(refusal.value)
        assert refusal.value.exit_code == 3
        with hold_study(url, "another", tmp_path):
            pass  # of the same database
        process.send_signal(signal.SIGKILL)
    with hold_study(url, "mine", tmp_path):
        signed = json.loads(lock_path(url, "mine", tmp_path).read_text())
        assert signed["pid"] == os.getpid()


def test_nothing_is_left_when_a_run_ends(url: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="trouble"), hold_study(url, "mine", tmp_path):
        raise RuntimeError("trouble")
    assert list(tmp_path.iterdir()) == []


def test_lock_file_of_a_server_is_in_the_given_folder(postgresql: DatabaseServer, tmp_path: Path) -> None:
    url = postgresql.url()
    folder = tmp_path / "state" / "locks"
    with hold_study(url, "mine", folder):
        (path,) = folder.iterdir()
        assert "s3cret" not in path.name
        with pytest.raises(StudyHeldError, match=f"process {os.getpid()}, which started"):
            hold_study(url, "mine", folder).__enter__()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "x" * 500, "\0", "ünïcode", "."])
def test_any_study_name_is_a_file_of_that_folder(name: str, url: str, tmp_path: Path) -> None:
    path = lock_path(url, name, tmp_path)
    assert path.parent == tmp_path
    assert path.name.startswith(".studies.db.")
    with hold_study(url, name, tmp_path):
        assert path.is_file()


def test_names_that_read_alike_have_locks_of_their_own(url: str, tmp_path: Path) -> None:
    assert lock_path(url, "a/b", tmp_path) != lock_path(url, "ab", tmp_path)


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocking = tmp_path / "file"
    blocking.touch()
    with pytest.raises(StorageError, match="cannot lock"), hold_study("sqlite://", "mine", blocking / "below"):
        pass


def test_folder_of_a_database_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'missing' / 'studies.db'}"
    with pytest.raises(StorageError, match="cannot lock"), hold_study(url, "mine", tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_results_folder_is_one_by_whatever_path_it_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere" / "mine").mkdir(parents=True)
    (tmp_path / "results").symlink_to("elsewhere")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "mine").symlink_to(tmp_path / "elsewhere" / "mine")
    monkeypatch.chdir(tmp_path)
    paths = [Path(name) for name in ("elsewhere/mine", "results/mine", "linked/mine", "linked/../results/mine")]
    for held in paths:
        with hold_folder(held):
            for path in (*paths, *(each.absolute() for each in paths)):
                with (
                    pytest.raises(StudyHeldError, match=f"process {os.getpid()}, .* results folder"),
                    hold_folder(path),
                ):
                    pass
    assert not list(tmp_path.rglob(".*")), "no lock is left"


def test_a_link_that_is_renamed_stays_held(tmp_path: Path) -> None:
    """As `--fresh` does with the folder of a study."""
    (tmp_path / "disk").mkdir()
    folder = tmp_path / "results" / "mine"
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "disk")
    with hold_folder(folder):
        folder.rename(folder.with_name("mine~1"))
        for each in (folder, tmp_path / "disk"):
            with pytest.raises(StudyHeldError), hold_folder(each):
                pass


def test_studies_of_one_results_folder_run_together(tmp_path: Path) -> None:
    with hold_folder(tmp_path / "results" / "one"), hold_folder(tmp_path / "results" / "two"):
        assert (tmp_path / "results").is_dir()


def test_checking_a_lock_writes_nothing(url: str, tmp_path: Path) -> None:
    """As a dashboard may only read."""
    assert not is_held(url, "mine", tmp_path)
    assert list(tmp_path.iterdir()) == []
    with hold_study(url, "mine", tmp_path):
        lock_path(url, "mine", tmp_path).chmod(0o444)
        assert is_held(url, "mine", tmp_path)


def test_a_lock_that_a_killed_run_left_is_signed_anew(url: str, tmp_path: Path) -> None:
    path = lock_path(url, "mine", tmp_path)
    path.write_text('{"pid": 1, "started": "long before, with more words than the next holder has"}')
    with hold_study(url, "mine", tmp_path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert not path.exists()
