"""A process that ends with a failing test."""

import subprocess
from types import TracebackType
from typing import AnyStr


class ChildProcess(subprocess.Popen[AnyStr]):
    """A `Popen` whose block kills the process when it is left by an exception, such as a test's time-out.

    The block of `Popen` would wait for the process, which may never end.
    """

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, value, traceback)
