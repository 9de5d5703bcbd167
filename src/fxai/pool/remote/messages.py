"""The messages between a study's parent and a host, a line of JSON each.

The host begins with `HostHello`. The parent compares the versions and answers with `HostWelcome` or `HostRefusal`. The
host starts its workers and sends `HostReady`. Then the parent sends trials and answers, and the host sends what its
workers do. Workers have the numbers that they have in the study. Files travel in both directions in parts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

from fxai.pool.contract import TrialStarted, WorkerLost
from fxai.pool.limits import Limits
from fxai.protocol import LanePlan, Report, Slot, TrialRequest, TrialResult
from fxai.protocol.wire import from_document, json_of, to_line
from fxai.protocol.worker_messages import DecisionMessage

PROTOCOL = 1
"""Version of these messages. Parent and host have the same one."""

MOST_MESSAGE_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class HostHello:
    """The first message of a host. Hosts of all releases send these fields."""

    name: str
    pid: int
    protocol: int
    versions: Mapping[str, str]  # of Python, FxAI and other programs that have to be the same as the parent's
    slots: tuple[Slot, ...]  # of its workers


@dataclass(frozen=True, slots=True)
class FolderProbe:
    """A file in the study's folder. A host that reads the same content there uses the study's folder directly."""

    file: Path
    content: str  # random


@dataclass(frozen=True, slots=True)
class HostWelcome:
    """The parent uses the host."""

    plan: LanePlan | None
    limits: Limits
    probe: FolderProbe
    logs: Path  # folder of the workers' logs, as the parent sees it
    first_worker: int  # number of the host's first worker in the study; its other workers have the next numbers
    sys_path: tuple[str, ...]  # folders of the user's modules, as the parent sees them


@dataclass(frozen=True, slots=True)
class HostRefusal:
    """The parent does not use the host."""

    message: str


@dataclass(frozen=True, slots=True)
class SubmitTrial:
    """A trial for a worker of the host."""

    worker: int
    request: TrialRequest


@dataclass(frozen=True, slots=True)
class EndHost:
    """The host ends its workers and closes the connection."""

    message: str


@dataclass(frozen=True, slots=True)
class HostReady:
    """The host has started its workers."""

    shared: bool  # whether it uses the study's folder directly


HostEvent: TypeAlias = TrialStarted | Report | TrialResult | WorkerLost
"""An event of a worker. The required fields of each kind are no fields of another kind, so JSON needs no names."""


@dataclass(frozen=True, slots=True)
class HostEvents:
    """New events of a worker, and how many lanes it has now."""

    worker: int
    events: tuple[HostEvent, ...] = ()
    width: int | None = None  # lanes; None until the worker has sent its width
    open: bool = True  # False: the worker takes no further trial
    occupied: tuple[int, ...] = ()  # numbers of ended trials that still take up lanes


@dataclass(frozen=True, slots=True)
class TrialsGivenBack:
    """Trials for which a worker turned out to have no room. None of them has begun."""

    worker: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HostFailure:
    """A worker of the host does not start. The host ends."""

    message: str
    wrong_input: bool  # whether the user's code or spec is wrong


@dataclass(frozen=True, slots=True)
class HostLeaving:
    """The host ends by itself, without a fault of its trials."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A part of a file of a trial's folder, or of a worker's log without a trial. The parts of a file are in order."""

    trial: int | None
    path: str  # in the folder
    offset: int  # bytes before the part; 0 begins the file anew
    data: str  # base64
    last: bool


@dataclass(frozen=True, slots=True)
class FileRemoved:
    """A trial on a host has removed a file of its folder."""

    trial: int
    path: str


@dataclass(frozen=True, slots=True)
class PartsReceived:
    """The peer's confirmation of file parts."""

    count: int


ToHost: TypeAlias = HostWelcome | HostRefusal | SubmitTrial | DecisionMessage | EndHost | FilePart | PartsReceived
FromHost: TypeAlias = (
    HostHello
    | HostReady
    | HostEvents
    | TrialsGivenBack
    | HostFailure
    | HostLeaving
    | FilePart
    | FileRemoved
    | PartsReceived
)

_TO_HOST = {kind.__name__: kind for kind in get_args(ToHost)}
_FROM_HOST = {kind.__name__: kind for kind in get_args(FromHost)}


def encoded(message: ToHost | FromHost) -> bytes:
    """The message as a line."""
    return to_line({"kind": type(message).__name__, "message": message})


def to_host(line: bytes) -> ToHost:
    """The message of the parent in a line of `encoded`.

    Raises:
        ValueError: The line is no such message.
    """
    message: ToHost = _decoded(line, _TO_HOST)
    return message


def from_host(line: bytes) -> FromHost:
    """The message of a host in a line of `encoded`.

    Raises:
        ValueError: The line is no such message.
    """
    message: FromHost = _decoded(line, _FROM_HOST)
    return message


def _decoded(line: bytes, kinds: Mapping[str, type[Any]]) -> Any:
    document = json_of(line)
    kind = kinds.get(str(document.get("kind"))) if isinstance(document, dict) else None
    if kind is None:
        raise ValueError("it is not a message of FxAI")
    return from_document(kind, document.get("message"))
