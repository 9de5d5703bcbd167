"""The locks on one study of one storage and on its results folder, so that two runs never write the same study.

A lock is a hidden file. The lock of a study lies beside the SQLite database, or in a folder of the caller's for
a database in memory or on a server. The lock of a results folder lies beside that folder. The kernel frees a lock
when its holder ends, however that happens, so a file that a killed run left behind means nothing; the next run of
the study takes it, and a run that ends removes it. A lock guards against runs on this machine (or of a shared file
system that supports `flock`), not against one elsewhere on the same database server.

No call waits for a lock, so that two runs which take two locks in different orders cannot block each other.

`filelock` takes the locks. `is_held` calls `flock` itself: filelock 4.2 makes a lock file that is missing and must be
able to write it, and a dashboard may only read; tests/search/test_lock.py, `test_a_look_at_a_lock_writes_nothing`.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from fxai.errors import StorageError, StudyHeldError
from fxai.search.database import parse_url, sqlite_path


@contextmanager
def hold_study(url: str, study_name: str, directory: Path) -> Iterator[None]:
    """Hold a study for the duration of a block.

    `directory` takes the lock of a study that has no file of its own to lie beside; it is made if it is
    missing. Raises `StudyHeldError` with the holder's pid and start time if another run has the study.
    """
    path = lock_path(url, study_name, directory)
    with hold(path, f"the study {study_name!r}", make_folder=sqlite_path(url) is None):
        yield


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a study's results folder for the duration of a block, by whatever path it is reached.

    The lock lies beside the folder, since the folder itself may be renamed meanwhile. A folder that is a symbolic
    link has a lock beside the link and one beside its target. Raises `StudyHeldError` with the holder's pid and start
    time if another run holds the results folder.
    """
    beside = {folder.parent.resolve() / folder.name, folder.resolve()}
    with ExitStack() as held:
        for place in sorted(beside):
            held.enter_context(hold(place.with_name(f".{place.name}.lock"), f"the results folder {folder}"))
        yield


@contextmanager
def hold(path: Path, what: str, *, make_folder: bool = True) -> Iterator[None]:
    """Hold a lock file for the duration of a block; `what` it stands for is told to whoever finds it held."""
    if not make_folder and not path.parent.is_dir():
        raise StorageError(f"cannot lock {path}: there is no folder {path.parent}")
    lock = FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False, on_acquired=_sign)
    try:
        lock.acquire()  # makes the folder too
    except Timeout:
        raise StudyHeldError(_held(path, what)) from None
    except OSError as error:
        raise StorageError(
            f"cannot lock {path}: {error.strerror}; its folder must be writable and its file system must support locks"
        ) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while the lock is held, so that nobody else's is removed
        lock.release()


def is_held(url: str, study_name: str, directory: Path) -> bool:
    """Whether a run has the study at this moment; arguments as of `hold_study`."""
    try:
        descriptor = os.open(lock_path(url, study_name, directory), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def state_directory() -> Path:
    """For the locks of databases on a server; one folder for the user, wherever a run is started."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "fxai"


def lock_path(url: str, study_name: str, directory: Path) -> Path:
    """Where the lock of a study lies.

    A study's name is anybody's text: the file's name has its letters and digits and a digest of it.
    """
    readable = re.sub(r"[^A-Za-z0-9_-]", "", study_name)[:40]
    database = sqlite_path(url)
    if database is not None:
        database = database.resolve()  # one lock, by whatever path the file is reached
        return database.parent / f".{database.name}.{readable}.{_digest(study_name)}.lock"
    address = parse_url(url).render_as_string(hide_password=True)
    return directory / f".{readable}.{_digest(f'{address} {study_name}')}.lock"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _sign(descriptor: int) -> None:
    """Write this process into a lock file that it holds."""
    holder = {"pid": os.getpid(), "started": datetime.now().astimezone().isoformat(timespec="seconds")}
    with suppress(OSError):  # on a full disk the lock holds, and nobody is told who has it
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _held(path: Path, what: str) -> str:
    try:
        holder = json.loads(path.read_text())
        who = f"process {holder['pid']}, which started {holder['started']},"
    except (OSError, ValueError, KeyError):  # it was taken a moment ago and not signed yet, or is being released
        who = "another process"
    return f"{who} holds {what}; wait for it to end, or end it, and start this run again"
