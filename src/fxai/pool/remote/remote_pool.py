"""A pool of the workers of hosts, which join and are lost while the pool is open."""

import atexit
import secrets
import site
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from fxai.atomic_write import write_text
from fxai.errors import FxaiError, InputError
from fxai.pool.contract import Activity, PoolNotice, WorkerEvent
from fxai.pool.dispatcher import TrialDispatcher
from fxai.pool.limits import Limits
from fxai.pool.remote.joined_host import HostWorker, JoinedHost
from fxai.pool.remote.link import HostLink, HostSource
from fxai.pool.remote.messages import (
    EndHost,
    FilePart,
    FileRemoved,
    FolderProbe,
    FromHost,
    HostEvents,
    HostFailure,
    HostHello,
    HostLeaving,
    HostReady,
    HostRefusal,
    HostWelcome,
    PartsReceived,
    TrialsGivenBack,
)
from fxai.pool.remote.versions import difference, own_versions
from fxai.pool.running_trials import RunningTrial
from fxai.protocol import Cause, Decision, LanePlan, TrialRequest, TrialResult
from fxai.protocol.trial_failure import failed

_PROBE = ".shared-folder-probe"


class RemotePool:
    """A `WorkerPool` of the workers of all hosts of a source.

    A host whose versions differ, or whose workers do not start, is not used, and the others go on. The loss of a host
    is the loss of each of its workers. The host is ended before its trials are returned as lost.

    Raises:
        FxaiError: out of `events`, if the last host cannot be used; an InputError if the user's code cannot be
            imported there.
    """

    def __init__(self, source: HostSource, plan: LanePlan | None, limits: Limits, logs: Path) -> None:
        """Use the hosts of a source. The pool closes the source.

        Args:
            source: The hosts.
            plan: As for `LocalPool`.
            limits: Of each worker.
            logs: Folder for logs of workers, in the study's folder.

        Raises:
            FxaiError: The folder of the logs cannot be written.
        """
        self._source = source
        self._plan = plan
        self._limits = limits
        self._logs = logs.absolute()
        self._probe = FolderProbe(self._logs / _PROBE, secrets.token_hex(16))
        write_text(self._probe.file, self._probe.content)
        self._versions = own_versions()
        self._hosts: dict[HostLink, JoinedHost] = {}
        self._dispatcher = TrialDispatcher(1 if plan is None else plan.seeds_per_trial)
        self._refused: list[TrialResult] = []  # of trials whose folder cannot be used
        self._notices: set[str] = set()  # that were yielded
        self._closed = False
        atexit.register(self.close)

    @property
    def free_slots(self) -> int:
        return 0 if self._closed else self._dispatcher.free([worker.capacity for _, worker in self._workers()])

    def submit(self, request: TrialRequest) -> RunningTrial:
        if not self.free_slots:
            raise FxaiError(f"Trial {request.number} was submitted to a pool without a free slot.")
        trial = RunningTrial(request)
        self._dispatcher.add(trial)
        self._dispatch()
        return trial

    def events(self, timeout: float) -> Sequence[WorkerEvent]:
        until = time.monotonic() + timeout
        happened: list[WorkerEvent] = []
        while not self._closed:
            for link in self._source.links():
                self._hosts.setdefault(link, JoinedHost(link))
            for host in list(self._hosts.values()):
                happened.extend(self._received(host))
            self._dispatch()
            happened.extend(self._refused)
            self._refused.clear()
            if happened or time.monotonic() >= until:
                break
            self._source.wait(until - time.monotonic())
        return happened

    def answer(self, number: int, decision: Decision) -> None:
        """Answer a report. The answer to a trial whose worker has been lost is dropped."""
        for host in self._hosts.values():
            host.answer(number, decision)

    def activity(self) -> Sequence[Activity]:
        return [activity for host in self._hosts.values() if host.ready for activity in host.activity()]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        for host in self._hosts.values():
            host.link.send(EndHost("the study's run has ended"))
            host.link.end()
        for host in self._hosts.values():
            host.link.wait()
        self._source.close()
        with suppress(OSError):  # another run that has taken over the study has a file of its own
            if self._probe.file.read_text() == self._probe.content:
                self._probe.file.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _workers(self) -> list[tuple[JoinedHost, HostWorker]]:
        return [(host, worker) for host in self._hosts.values() if host.ready for worker in host.workers.values()]

    def _dispatch(self) -> None:
        """Give the waiting trials to workers, as far as there is room."""
        workers = self._workers()
        while self._dispatcher.has_waiting:
            taken = self._dispatcher.take([worker.capacity for _, worker in workers])
            if taken is None:
                break
            index, trial = taken
            host, worker = workers[index]
            try:
                host.submit(worker, trial)
            except FxaiError as error:
                self._refused.append(failed(trial.request, Cause.EXCEPTION, str(error), 0.0))

    def _received(self, host: JoinedHost) -> Iterator[WorkerEvent]:
        """The events of a host's messages since the last call, and of its loss."""
        lost = host.link.lost
        for message in host.link.received():
            if host.link in self._hosts:  # later messages of a host that is not used are ignored
                yield from self._handle(host, message)
        if lost is not None and host.link in self._hosts:
            yield from self._on_lost(host, lost)

    def _handle(self, host: JoinedHost, message: FromHost) -> Iterator[WorkerEvent]:
        match message:
            case HostHello() if not host.workers:
                yield from self._welcome(host, message)
            case HostReady(shared):
                host.start(shared=shared, logs=self._logs)
            case HostEvents():
                yield from host.events(message)
            case TrialsGivenBack(worker, numbers):
                self._dispatcher.put_back(host.given_back(worker, numbers))
            case HostFailure(text, wrong_input):
                yield from self._on_unusable(host, InputError(text) if wrong_input else FxaiError(text))
            case HostLeaving():
                self._end(host)
                yield from host.left()
            case FilePart() | FileRemoved() | PartsReceived():
                host.receive_file(message)
            case _:
                return

    def _welcome(self, host: JoinedHost, hello: HostHello) -> Iterator[WorkerEvent]:
        if (reason := difference(hello, self._versions)) is not None:
            message = f"The host {hello.name} is not used: {reason}."
            host.link.send(HostRefusal(message))
            yield from self._on_unusable(host, FxaiError(message))
            return
        names = {other.name for other in self._hosts.values() if other.workers}
        name = hello.name if hello.name not in names else f"{hello.name} (process {hello.pid})"
        host.welcomed(hello, name, self._first_index(len(hello.slots)))
        first = next(iter(host.workers), 0)
        welcome = HostWelcome(self._plan, self._limits, self._probe, self._logs, first, user_folders())
        host.link.send(welcome)

    def _first_index(self, count: int) -> int:
        """The first of `count` consecutive numbers that no worker has."""
        used = {index for host in self._hosts.values() for index in host.workers}
        first = 0
        while taken := used.intersection(range(first, first + count)):
            first = max(taken) + 1
        return first

    def _on_unusable(self, host: JoinedHost, error: FxaiError) -> Iterator[WorkerEvent]:
        """Use the other hosts only. Without another host the error is raised."""
        yield from self._drop(host, "its workers do not start")
        if not self._hosts:
            raise error
        yield from self._notice(str(error))

    def _on_lost(self, host: JoinedHost, reason: str) -> Iterator[WorkerEvent]:
        if not host.workers:
            yield from self._notice(f"The host {host.name} is not used: {reason}.")
        yield from self._drop(host, reason)

    def _drop(self, host: JoinedHost, reason: str) -> Iterator[WorkerEvent]:
        """End the host, and lose its workers once it has ended."""
        self._end(host)
        if host.ready:
            yield from host.lost(reason)

    def _end(self, host: JoinedHost) -> None:
        """End the host, wait until it has ended, and give its trials that have not begun to others."""
        del self._hosts[host.link]
        host.link.end()
        host.link.wait()
        host.ended()
        self._dispatcher.put_back(host.take_waiting())

    def _notice(self, text: str) -> Iterator[PoolNotice]:
        if text not in self._notices:
            self._notices.add(text)
            yield PoolNotice(text)


def user_folders() -> tuple[str, ...]:
    """The folders on Python's path that are not of the installation, in which the user's modules may be."""
    installed = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    installed |= {*site.getsitepackages(), site.getusersitepackages()}
    folders = [str(Path(path).absolute()) for path in sys.path if Path(path).is_dir()]
    return tuple(path for path in folders if not any(Path(path).is_relative_to(each) for each in installed if each))
