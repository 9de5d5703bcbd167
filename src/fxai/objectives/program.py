"""A running program of the user: reads its reports, tells how it ended, and ends its whole process tree."""

import contextlib
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from fxai.process_tree import ProcessTrees
from fxai.protocol import described, failed

GRACE_SECONDS = 5.0  # between SIGTERM and SIGKILL
MOST_BYTES = 1_000_000  # maximum size of a line of JSON
_LOOK_SECONDS = 0.05
_CHUNK = 65536
_TAIL = 4000


class Program:
    """Starts when it is made; the exit of the context ends the program and all its descendants.

    `lines` reads a named pipe, which any program can open by its path, and a descriptor for the same pipe. What the
    program writes to stderr is copied to this process's stderr, and its last line becomes the reason of a failure.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        directory: Path,
        process_trees: ProcessTrees,
    ) -> None:
        """Start the program.

        Args:
            arguments: the program and its arguments.
            folder: the program's working directory.
            environment: the program's environment, without the variables of its reports.
            directory: the trial's folder, in which the named pipe is made.
            process_trees: the registry of this process.

        Raises:
            TrialFailedError: the program cannot be started.
        """
        self._path = directory.absolute() / "reports.pipe"
        self._process_trees = process_trees
        self._selector = selectors.DefaultSelector()
        self._unread = b""
        self._tail = b""
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path, mode=0o600)
        # With read and write access, opening does not wait for a writer, and the pipe stays open after a writer ends.
        self._reports = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        writer = os.open(self._path, os.O_WRONLY)
        self._errors, errors = os.pipe()
        os.set_blocking(self._errors, False)
        self._selector.register(self._reports, selectors.EVENT_READ, self._read_reports)
        self._selector.register(self._errors, selectors.EVENT_READ, self._read_errors)
        try:
            process_trees.prepare()
            variables = {"FXAI_REPORTS": str(self._path), "FXAI_REPORT_FD": str(writer)}
            self._process = _start(arguments, folder, {**environment, **variables}, writer, errors)
            process_trees.add(self._process.pid)
        except OSError as error:
            self._close()
            reason = f"the command cannot be started: {error.filename or arguments[0]}: {error.strerror}"
            raise failed(reason) from None
        except ValueError as error:  # a null byte or a lone surrogate
            self._close()
            reason = f"the command cannot be started: an argument is not valid: {error}"
            raise failed(reason) from None
        finally:
            os.close(writer)
            os.close(errors)

    def __enter__(self) -> Self:
        return self

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of its reports until the program has ended.

        Raises:
            TrialFailedError: If a line is longer than `MOST_BYTES`.
        """
        running = True
        while running:
            running = self._process.poll() is None  # checked before reading, so that no output before the end is missed
            while ready := self._selector.select(_LOOK_SECONDS if running else 0):
                for key, _ in ready:
                    key.data()
                *complete, self._unread = self._unread.split(b"\n")
                yield from (line for line in complete if line.strip())
                if len(self._unread) > MOST_BYTES:
                    raise failed(f"a report has more than {MOST_BYTES:,} bytes without an end of line")
        if self._unread.strip():
            yield self._unread

    def failure(self) -> str | None:
        """Why the program failed, in one line; None if its exit code is 0."""
        code = self._process.returncode
        if code == 0:
            return None
        printed = self._tail.decode(errors="replace").strip().splitlines()
        return f"the command {described(code)}" + (f": {printed[-1]}" if printed else "")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process_trees.end(self._process.pid, lambda: self._process.poll() is not None, GRACE_SECONDS)
        if self._errors in self._selector.get_map():
            with contextlib.suppress(BlockingIOError):
                self._read_errors()
        self._close()

    def _close(self) -> None:
        self._selector.close()
        os.close(self._reports)
        os.close(self._errors)
        self._path.unlink(missing_ok=True)

    def _read_reports(self) -> None:
        self._unread += os.read(self._reports, _CHUNK)

    def _read_errors(self) -> None:
        printed = os.read(self._errors, _CHUNK)
        if not printed:
            self._selector.unregister(self._errors)
        self._tail = (self._tail + printed)[-_TAIL:]
        sys.stderr.write(printed.decode(errors="replace"))
        sys.stderr.flush()


def _start(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], writer: int, errors: int
) -> subprocess.Popen[bytes]:
    sys.stdout.flush()
    sys.stderr.flush()
    return subprocess.Popen(  # noqa: S603  # the program that the user's spec names
        arguments,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=(writer,),
        start_new_session=True,
    )
