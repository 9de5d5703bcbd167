"""What a measurement of lane widths needs of a device; of a CPU without torch."""

import os
import platform
from collections.abc import Sequence
from typing import Protocol

from llvmlite.binding import get_host_cpu_name  # type: ignore[import-untyped]


class ProbedDevice(Protocol):
    """A device on which updates of several widths are timed."""

    @property
    def widths(self) -> Sequence[int]:
        """The widths to try, in ascending order."""
        ...

    @property
    def out_of_memory(self) -> tuple[type[Exception], ...]:
        """Exceptions of a width for which memory is not sufficient; empty if memory is not probed."""
        ...

    @property
    def name(self) -> str:
        """Text that differs between devices of different speeds."""
        ...

    def synchronize(self) -> None:
        """Wait until the device has finished its work."""
        ...

    def free_memory(self) -> None:
        """Give memory that is not used back to the other workers of the device."""
        ...


class ProbedCpu:
    """The CPU of this machine; see `ProbedDevice`."""

    widths = (1, 2, 4, 8, 16, 32)
    out_of_memory: tuple[type[Exception], ...] = ()

    @property
    def name(self) -> str:
        return f"{platform.machine()} {get_host_cpu_name()} {os.cpu_count()}"

    def synchronize(self) -> None:
        """Does nothing: an update on a CPU ends when its call returns."""

    def free_memory(self) -> None:
        """Does nothing: the workers of a CPU share no pool of memory."""
