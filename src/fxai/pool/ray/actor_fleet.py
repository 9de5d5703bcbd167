"""The actors of a driver: as many as the cluster has room for, each replaced when it is lost."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError

from fxai.pool.ray.cluster import nodes, reason_of
from fxai.pool.ray.host_actor import THREADS, HostActor
from fxai.pool.ray.messages import (
    ActorLine,
    FromDriver,
    JoinedActor,
    LostActor,
    NodeFiles,
    NodeOffer,
    RayFailure,
    WorkerDemand,
)
from fxai.pool.ray.placement import CPU, GPU, needs_of, workers_wanted
from fxai.protocol.wire import to_line

LOOK_SECONDS = 2.0  # between two looks at the cluster's nodes
END_SECONDS = 10.0  # for an actor to end its worker
KILL_SECONDS = 5.0  # for Ray to confirm that it has killed an actor
START_ATTEMPTS = 4
_PAUSE_SECONDS = 1.0  # after an actor that was lost before it ran


@dataclass(slots=True)
class RayActor:
    """An actor, and the lines that it has not got yet."""

    number: int
    handle: Any
    unfed: list[str] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    has_joined: bool = False
    ending: bool = False  # the parent has ended it
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class ActorFleet:
    """Keeps the actors, and sends the parent what they do. All methods run in the loop of the driver."""

    def __init__(self, files: NodeFiles, send: Callable[[FromDriver], None]) -> None:
        self._files = to_line(files)
        self._send = send
        self._actors: dict[int, RayActor] = {}
        self._started = 0
        self._given_up = 0  # actors that the parent has ended, whose workers did not start
        self._failed_starts = 0
        self._watch: asyncio.Task[None] | None = None

    def open(self, demand: WorkerDemand) -> None:
        """Start the actors, and further ones when nodes come. A second call replaces the demand of the first."""
        if self._watch is not None:
            self._watch.cancel()
        self._given_up = self._failed_starts = 0
        self._watch = asyncio.create_task(self._keep(demand))

    def feed(self, line: ActorLine) -> None:
        """Pass a line to an actor."""
        actor = self._actors.get(line.actor)
        if actor is not None:
            actor.unfed.append(line.line)
            actor.news.set()

    def end_actor(self, number: int) -> None:
        """End an actor, which is not replaced."""
        actor = self._actors.get(number)
        if actor is not None and not actor.ending:
            self._given_up += 1
            actor.ending = True
            actor.news.set()

    async def end(self) -> None:
        """End all actors."""
        if self._watch is not None:
            self._watch.cancel()
        for actor in list(self._actors.values()):
            self.end_actor(actor.number)
        tasks = [task for actor in self._actors.values() for task in actor.tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=END_SECONDS + KILL_SECONDS)

    async def _keep(self, demand: WorkerDemand) -> None:
        """Start actors as nodes come."""
        while True:
            try:
                found = await asyncio.to_thread(nodes)
                self._start_missing(demand, found)
            except Exception as error:  # noqa: BLE001 - Ray raises whatever its libraries raise
                self._send(FromDriver(failure=RayFailure(f"Ray cannot start workers: {reason_of(error)}")))
                return
            await asyncio.sleep(LOOK_SECONDS if not self._failed_starts else _PAUSE_SECONDS)

    def _start_missing(self, demand: WorkerDemand, found: tuple[NodeOffer, ...]) -> None:
        wanted = workers_wanted(demand, found) - self._given_up
        while len(self._actors) < wanted:
            self._start(demand, found)

    def _start(self, demand: WorkerDemand, found: tuple[NodeOffer, ...]) -> None:
        needs = dict(needs_of(demand, found))
        cpus, gpus = needs.pop(CPU), needs.pop(GPU, 0)
        options = ray.remote(HostActor).options(
            num_cpus=cpus,
            num_gpus=gpus,
            resources=needs,
            max_concurrency=THREADS,
            max_restarts=0,
            max_task_retries=0,
        )
        handle = options.remote(int(cpus), self._files, on_gpu=bool(gpus))
        actor = RayActor(self._started, handle)
        self._started += 1
        self._actors[actor.number] = actor
        actor.tasks = [asyncio.create_task(self._serve(actor)), asyncio.create_task(self._feed(actor))]

    async def _serve(self, actor: RayActor) -> None:
        """Pass the actor's lines on until it has ended or is lost, and kill it then."""
        reason, ended = "it has ended", False
        try:
            node = await actor.handle.join.remote()
            actor.has_joined, self._failed_starts = True, 0
            self._send(FromDriver(joined=JoinedActor(actor.number, node)))
            while not ended:
                lines, ended = await actor.handle.poll.remote()
                for line in lines:
                    self._send(FromDriver(line=ActorLine(actor.number, line)))
        except RayError as error:
            reason = loss_of(error, short=actor.has_joined)
            sys.stderr.write(f"actor {actor.number}: {error}\n")
        await self._kill(actor)
        self._forget(actor, reason)

    async def _feed(self, actor: RayActor) -> None:
        """Feed the actor in the order of the lines. Then end it, if the parent has ended it."""
        with contextlib.suppress(RayError, TimeoutError):  # `_serve` gets the error too
            while not (actor.ending and not actor.unfed):
                await actor.news.wait()
                actor.news.clear()
                lines, actor.unfed = actor.unfed, []
                if lines:
                    await actor.handle.feed.remote(lines)
            if actor.has_joined:
                await asyncio.wait_for(actor.handle.end.remote(), END_SECONDS)
                return
        if actor.ending:  # it waits for a node, or does not end
            actor.tasks[0].cancel()
            await self._kill(actor)
            self._forget(actor, "it was ended")

    async def _kill(self, actor: RayActor) -> None:
        """Kill the actor, so that no trial runs twice, and wait until Ray confirms it."""
        with contextlib.suppress(RayError, TimeoutError, ValueError):
            ray.kill(actor.handle, no_restart=True)
            await asyncio.wait_for(actor.handle.join.remote(), KILL_SECONDS)

    def _forget(self, actor: RayActor, reason: str) -> None:
        if self._actors.pop(actor.number, None) is None:
            return
        actor.tasks[1].cancel()
        if actor.has_joined or actor.ending:
            self._send(FromDriver(lost=LostActor(actor.number, reason)))
            return
        self._failed_starts += 1
        if self._failed_starts >= START_ATTEMPTS:
            message = f"The workers on Ray's nodes do not start, {self._failed_starts} times in a row: {reason}"
            self._send(FromDriver(failure=RayFailure(message)))


def loss_of(error: Exception, *, short: bool) -> str:
    """Why an actor is lost, as a clause with Ray's name of the error. Ray's text is long, and is in the log."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    text = "" if short or not lines else f": {lines[-1]}"
    return f"Ray has lost it ({type(error).__name__}{text})"
