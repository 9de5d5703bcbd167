"""Locks on a study and on its results folder, so that two runs never write the same study.

A lock is a hidden file. The lock of a study is beside the SQLite database, or in a folder of the caller for a database
in memory or on a server. The lock of a results folder is beside that folder. The kernel releases a lock when its
process ends, so a lock file of a killed run is no lock. A run that ends removes its lock file. A lock file excludes
runs on this machine (or on a shared file system with `flock`). A study on a server also has a lock in its database
(`server_lock.py`), which excludes runs on all machines.

No call waits for a lock, so that two runs that take two locks in different orders cannot block each other.

`filelock` takes the locks. `is_held` calls `flock` itself: filelock 4.2 creates a missing lock file and needs write
access, and a dashboard may only read; tests/search/test_lock.py, `test_a_look_at_a_lock_writes_nothing`.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection

from fxai.errors import StorageError, StudyHeldError
from fxai.search.database import is_server, parse_url, sqlite_path
from fxai.search.server_lock import ServerLock, is_held_on_server

RenewLock = Callable[[Connection], None]
"""Checks a lock in the transaction of a write, before the write. Takes the lock again where a restart of the server
released it.

Raises `StudyHeldError` if another run has taken the lock since.
"""


def always_held(_connection: Connection) -> None:
    """For a lock that only the end of the process releases."""


@contextmanager
def hold_study(url: str, study_name: str, directory: Path) -> Iterator[RenewLock]:
    """Hold the lock of a study during a block, which calls the yielded function before each write.

    Args:
        url: Database.
        study_name: Name of the study.
        directory: Folder for the lock if the database is not a file; created if missing.

    Raises:
        StudyHeldError: If another run holds the lock; the message has its pid and start time.
        StorageError: If the lock cannot be taken.
    """
    path = lock_path(url, study_name, directory)
    with hold(path, f"the study {study_name!r}", make_folder=sqlite_path(url) is None):
        if not is_server(url):
            yield always_held
            return
        with closing(ServerLock(url, study_name)) as lock:
            yield lambda _connection: lock.renew()


@contextmanager
def hold_folder(folder: Path, *, required: bool = True) -> Iterator[None]:
    """Hold the lock of a study's results folder during a block. All paths to the folder share one lock.

    The lock is beside the folder, because the folder may be renamed meanwhile. For a symbolic link there is one lock
    beside the link and one beside its target.

    Args:
        folder: The results folder.
        required: Whether another run must not hold it. A former owner of the study may: see `study_lease.py`.

    Raises:
        StudyHeldError: If another run holds the results folder; the message has its pid and start time.
    """
    beside = {folder.parent.resolve() / folder.name, folder.resolve()}
    with ExitStack() as locks:
        for place in sorted(beside):
            path = place.with_name(f".{place.name}.lock")
            try:
                locks.enter_context(hold(path, f"the results folder {folder}"))
            except StudyHeldError:
                if required:
                    raise
        yield


@contextmanager
def hold(path: Path, what: str, *, make_folder: bool = True) -> Iterator[None]:
    """Hold a lock file during a block; `what` names the locked thing in the message of a conflict."""
    if not make_folder and not path.parent.is_dir():
        raise StorageError(f"cannot lock {path}: there is no folder {path.parent}")
    lock = FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False, on_acquired=_sign)
    try:
        lock.acquire()  # also creates the folder
    except Timeout:
        raise StudyHeldError(_holder_message(path, what)) from None
    except OSError as error:
        raise StorageError(
            f"cannot lock {path}: {error.strerror}; its folder must be writable and its file system must support locks"
        ) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # before the release, so that no other run's file is removed
        lock.release()


def is_held(url: str, study_name: str, directory: Path) -> bool:
    """Whether a run holds the lock of the study now; arguments as of `hold_study`."""
    return _is_file_held(lock_path(url, study_name, directory)) or (
        is_server(url) and is_held_on_server(url, study_name)
    )


def holder_of(url: str, study_name: str, directory: Path) -> int | None:
    """Id of the process of this machine that holds the lock of the study now; None if there is none."""
    path = lock_path(url, study_name, directory)
    if not _is_file_held(path):
        return None
    try:
        return int(json.loads(path.read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):  # it has not written its id yet, or releases the lock
        return None


def _is_file_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def lock_path(url: str, study_name: str, directory: Path) -> Path:
    """Path of the lock of a study.

    The file name has the letters and digits of the study's name and a digest of the name.
    """
    readable = re.sub(r"[^A-Za-z0-9_-]", "", study_name)[:40]
    database = sqlite_path(url)
    if database is not None:
        database = database.resolve()  # one lock for all paths to the file
        return database.parent / f".{database.name}.{readable}.{_digest(study_name)}.lock"
    address = parse_url(url).render_as_string(hide_password=True)
    return directory / f".{readable}.{_digest(f'{address} {study_name}')}.lock"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _sign(descriptor: int) -> None:
    """Write this process's pid and start time into a lock file that it holds."""
    holder = {"pid": os.getpid(), "started": datetime.now().astimezone().isoformat(timespec="seconds")}
    with suppress(OSError):  # on a full disk the lock works, but its holder is unknown
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder_message(path: Path, what: str) -> str:
    try:
        holder = json.loads(path.read_text())
        who = f"process {holder['pid']}, which started {holder['started']},"
    except (OSError, ValueError, KeyError):  # the holder has not written its pid yet, or is being released
        who = "another process"
    return f"{who} holds {what}; wait for it to end, or end it, and start this run again"
