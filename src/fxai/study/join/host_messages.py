"""The messages between a run with `--join` and the process that serves its workers to the owner of the study."""

from dataclasses import dataclass, field
from enum import StrEnum

from fxai.protocol import Slot


@dataclass(frozen=True, slots=True)
class HostTask:
    """What the process does, sent to it as it starts."""

    name: str  # of this machine
    address: str  # of the owner
    port: int
    token: str = field(repr=False)
    slots: tuple[Slot, ...]  # of its workers
    sys_path: tuple[str, ...]  # folders of the user's modules


class HostOrder(StrEnum):
    """An order to the process to give back its trials and to end."""

    LEAVE = "leave"  # once the running trials have ended or are saved
    LEAVE_NOW = "leave now"


class HostFate(StrEnum):
    """Why the process has ended."""

    BY_OWNER = "by owner"  # the study's run is over
    LEFT = "left"
    REFUSED = "refused"  # by the owner
    FAILED = "failed"  # its workers do not start
    LOST = "lost"  # the owner
    UNREACHABLE = "unreachable"  # the owner


@dataclass(frozen=True, slots=True)
class HostReport:
    """The end of the process, sent before it ends."""

    fate: HostFate
    message: str
