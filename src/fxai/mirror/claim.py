"""The claim of a run on a URL whose studies are in one SQLite file, so that two machines never write the file.

The claim is a small object in the store with the time of its last renewal. A store has no locks, so a claim that was
not renewed for `LAPSE_SECONDS` counts as that of a run that is gone. A database server has locks, and needs no claim.
"""

import json
import os
import socket
import time
from datetime import datetime
from typing import Final
from uuid import uuid4

import psutil

from fxai.errors import StudyHeldError
from fxai.mirror.store import Store

RENEW_SECONDS: Final = 20.0
LAPSE_SECONDS: Final = 120.0
_NAME: Final = ".running.json"


class Claim:
    """Claims a URL for this process.

    Raises:
        StudyHeldError: A run on this or another machine has claimed it.
        StoreError: The store cannot be used.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._id = store, uuid4().hex
        self._started = datetime.now().astimezone().isoformat(timespec="seconds")
        self._renewed = 0.0
        held = self._held()
        if held is not None and not _is_gone(held):
            raise StudyHeldError(_message(held, store.url))
        self._write()

    def renew(self) -> None:
        """Renew the claim when it is time.

        Raises:
            StudyHeldError: Another run has claimed the URL, since this one could not renew its claim in time.
        """
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        held = self._held()
        if held is not None and held["id"] != self._id:
            raise StudyHeldError(_message(held, self._store.url))
        self._write()

    def release(self) -> None:
        held = self._held()
        if held is not None and held["id"] == self._id:
            self._store.remove([_NAME])

    def _held(self) -> dict[str, str] | None:
        content = self._store.read(_NAME)
        try:
            held = json.loads(content or b"null")
            return {key: str(held[key]) for key in ("id", "host", "pid", "started", "renewed")}
        except (ValueError, TypeError, KeyError):
            return None

    def _write(self) -> None:
        claim = {
            "id": self._id,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": self._started,
            "renewed": time.time(),
        }
        self._store.write(_NAME, json.dumps(claim).encode())
        self._renewed = time.monotonic()


def _is_gone(held: dict[str, str]) -> bool:
    if held["host"] == socket.gethostname() and not psutil.pid_exists(int(held["pid"])):
        return True
    return abs(time.time() - float(held["renewed"])) > LAPSE_SECONDS


def _message(held: dict[str, str], url: str) -> str:
    return (
        f"process {held['pid']} on {held['host']}, which started {held['started']}, holds {url}; wait for it to end, "
        f"or end it, and start this run again. A killed process holds it for {LAPSE_SECONDS:.0f} seconds at most. Runs "
        "on several machines at once need another URL each, or a database server as --storage"
    )
