"""The messages between the parent and the process that drives Ray, a line of JSON each.

The parent begins with `StartRay` and gets `RayReady` or `RayFailure`. After `open` the driver keeps as many
actors as the cluster has room for. Each actor is a host; its lines are those of `pool/remote/messages.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fxai.pool.remote.messages import FolderProbe
from fxai.protocol import JsonObject


@dataclass(frozen=True, slots=True)
class NodeOffer:
    """A node of a cluster and its resources by Ray's names, whether they are in use or not."""

    name: str
    address: str
    resources: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WorkerDemand:
    """What each worker takes of a node, and how many workers there are."""

    cpus: int
    gpu_share: float  # 0: no GPU. Without a GPU in the cluster, a worker takes none
    gpu_required: bool = False  # whether a worker waits for a node with a GPU
    custom: Mapping[str, float] = field(default_factory=dict)
    workers: int | None = None  # None: as many as the cluster has room for
    most: int = 1  # no more workers than this are of use
    autoscaling: bool = False  # whether the cluster starts nodes for workers that wait


@dataclass(frozen=True, slots=True)
class ShippedPath:
    """A file or a folder of the user that trials need, and its name in the working directory of an actor."""

    path: str  # as requests have it
    name: str


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """Files of the parent's machine that trials on other nodes need."""

    package: Path  # folder of the package fxai
    version: str  # of FxAI, which all nodes run from the copy of `package`
    folder: Path  # where FxAI was started
    probe: FolderProbe  # a node that reads it has the parent's files under their own paths
    working_dir: Path | None = None  # folder that Ray copies to the nodes
    shipped: tuple[ShippedPath, ...] = ()  # what it has
    needed: tuple[str, ...] = ()  # paths of data, which each node has as a copy or under the same path
    own_folder: bool = False  # whether nodes do not use the study's folder, even if they can


@dataclass(frozen=True, slots=True)
class StartRay:
    """Connect to a cluster, or start Ray on this machine."""

    address: str | None  # None: start Ray
    arguments: JsonObject  # of `ray.init`
    files: NodeFiles


@dataclass(frozen=True, slots=True)
class ActorLine:
    """A line to or from an actor."""

    actor: int
    line: str


@dataclass(frozen=True, slots=True)
class ToDriver:
    """A message to the driver; exactly one field is set."""

    start: StartRay | None = None
    open: WorkerDemand | None = None  # start the actors
    line: ActorLine | None = None
    end_actor: int | None = None
    end: bool = False  # end all actors and the driver


@dataclass(frozen=True, slots=True)
class RayReady:
    """The driver is connected."""

    dashboard: str | None  # URL
    nodes: tuple[NodeOffer, ...]


@dataclass(frozen=True, slots=True)
class RayFailure:
    """The driver is not connected, or its actors do not start. It ends."""

    message: str
    wrong_input: bool = False


@dataclass(frozen=True, slots=True)
class JoinedActor:
    """An actor runs on a node."""

    actor: int
    node: str


@dataclass(frozen=True, slots=True)
class LostActor:
    """An actor has ended, or was killed because it could not be reached. Its lines came before."""

    actor: int
    reason: str  # a clause whose subject is the host


@dataclass(frozen=True, slots=True)
class FromDriver:
    """A message of the driver; exactly one field is set."""

    ready: RayReady | None = None
    failure: RayFailure | None = None
    joined: JoinedActor | None = None
    line: ActorLine | None = None
    lost: LostActor | None = None
