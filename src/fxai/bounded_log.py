"""A log file of bounded size, for the output of a worker and its child processes."""

import os
from pathlib import Path

LOG_BYTES = 1_000_000


class BoundedLog:
    """A log file that keeps the beginning and the end of the output. It can be read at any time.

    A file larger than `limit` bytes is cut to its first and its last quarter of `limit`.
    """

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab+", buffering=0)
        self._limit = limit
        self._size = self._file.seek(0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        self._size += self._file.write(data) or 0
        if self._size > self._limit:
            self._remove_middle()

    def close(self) -> None:
        self._file.close()

    def _remove_middle(self) -> None:
        kept = self._limit // 4
        self._file.seek(-kept, os.SEEK_END)
        tail = self._file.read(kept) or b""
        self._file.truncate(kept)
        self._file.write(b"\n... output left out: this log keeps its beginning and its end ...\n" + tail)
        self._size = self._file.seek(0, os.SEEK_END)
