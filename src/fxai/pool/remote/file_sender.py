"""Sends files in parts between parent and host, so that a large file does not hold up other messages."""

import base64
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from fxai.pool.remote.messages import FilePart

PART_BYTES = 1 << 18
MOST_UNCONFIRMED = 4  # parts of a stream on their way; other messages wait for no more than these
_TRIES = 3  # to read a file that changes while it is read
_GROWING = frozenset({"trial.log", "reports.jsonl"})  # files to which lines are added

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A file of a trial's folder, or of the workers' logs without a trial."""

    trial: int | None
    folder: Path
    path: str  # in the folder
    name: str = ""  # path in the peer's folder, if it is another one


class FileSender(Generic[Message]):
    """Streams of files and messages. Within a stream, all is sent in its order; the streams take turns by parts.

    The peer confirms every part. A stream without files is sent at once.
    """

    def __init__(self, send: Callable[[Message | FilePart], None]) -> None:
        self._send = send
        self._streams: dict[int, deque[FileToSend | Message]] = {}
        self._read: dict[int, _FileRead] = {}  # the file of each stream that is partly sent
        self._unconfirmed: deque[int] = deque()  # the stream of each part that the peer has not confirmed

    def add(self, stream: int, files: Iterable[FileToSend], messages: Sequence[Message]) -> None:
        """Send files, then messages, after all that the stream has already."""
        self._streams.setdefault(stream, deque()).extend([*files, *messages])
        self.send_on()

    def confirmed(self, parts: int) -> None:
        """Note that the peer has received so many parts, in the order in which they were sent."""
        for _ in range(min(parts, len(self._unconfirmed))):
            self._unconfirmed.popleft()
        self.send_on()

    def is_idle(self, stream: int) -> bool:
        """Whether all of a stream is sent."""
        return stream not in self._streams

    def send_on(self) -> None:
        """Send what may be sent now."""
        sent = True
        while sent:
            sent = False
            for stream in list(self._streams):
                self._send_messages(stream)
                if stream in self._streams and self._unconfirmed.count(stream) < MOST_UNCONFIRMED:
                    self._send_part(stream)
                    sent = True

    def close(self) -> None:
        """Close the files that are partly sent."""
        for read in self._read.values():
            read.close()
        self._read, self._streams = {}, {}

    def _send_messages(self, stream: int) -> None:
        """Send the messages before the stream's next file."""
        queue = self._streams[stream]
        while queue:
            message = queue[0]
            if isinstance(message, FileToSend):
                return
            queue.popleft()
            self._send(message)
        del self._streams[stream]

    def _send_part(self, stream: int) -> None:
        """Send the next part of the stream's first file. A file that is gone or keeps changing is left out."""
        file = self._streams[stream][0]
        if not isinstance(file, FileToSend):
            return
        read = self._read.get(stream) or _FileRead(file)
        part = read.next_part()
        if part is not None:
            self._unconfirmed.append(stream)
            self._send(part)
        if part is None or part.last:
            self._read.pop(stream, None)
            self._streams[stream].popleft()
            read.close()
        else:
            self._read[stream] = read
        self._streams[stream] = self._streams.pop(stream)  # its next turn is after all others'


class _FileRead:
    """A file that is read in parts. The parts are of one state of the file."""

    def __init__(self, file: FileToSend) -> None:
        self._file = file
        self._open: BinaryIO | None = None
        self._state = (0, 0)
        self._offset = 0
        self._tries = 0

    def next_part(self) -> FilePart | None:
        """The next part, from the beginning again if the file has changed. None if it cannot be read."""
        try:
            return self._next_part()
        except OSError:
            return None

    def close(self) -> None:
        if self._open is not None:
            self._open.close()

    def _next_part(self) -> FilePart | None:
        if self._open is None:
            self._begin()
        source, (size, _) = self._source, self._state
        data = source.read(min(PART_BYTES, size - self._offset))
        last = self._offset + len(data) >= size or not data
        if last and not self._grows and _state_of(source) != self._state:
            if self._tries == _TRIES:
                return None
            self._begin()
            return self._next_part()
        part = FilePart(
            self._file.trial, self._file.name or self._file.path, self._offset, base64.b64encode(data).decode(), last
        )
        self._offset += len(data)
        return part

    @property
    def _source(self) -> BinaryIO:
        if self._open is None:
            raise OSError("the file is not open")
        return self._open

    @property
    def _grows(self) -> bool:
        """Whether the file is only added to, so that its beginning is a state of the file."""
        return self._file.trial is None or Path(self._file.path).name in _GROWING

    def _begin(self) -> None:
        """Open the file, also anew: it may have been replaced."""
        self.close()
        self._tries += 1
        self._open = (self._file.folder / self._file.path).open("rb")
        self._state, self._offset = _state_of(self._open), 0


def _state_of(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
