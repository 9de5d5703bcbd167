"""The trials of a worker in packs, whose trials are trained together; the packs are trained in turn."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from fxai.errors import FxaiError
from fxai.objectives.trial_results import failure
from fxai.objectives.worker_trial import WorkerTrial
from fxai.protocol import Decision, Report, TrialRequest, TrialResult


class QueuedTrial(Protocol):
    """What the queue knows of a trial."""

    @property
    def request(self) -> TrialRequest: ...

    @property
    def trial(self) -> WorkerTrial: ...

    @property
    def trained(self) -> bool:
        """Whether all training steps are done."""

    @property
    def repeats(self) -> bool:
        """Whether reports of an earlier run are still to be sent again."""

    @property
    def may_repeat(self) -> bool:
        """Whether such a report can be sent now."""

    def repeat(self) -> Report:
        """The next report of an earlier run."""

    def ended(self, decision: Decision) -> TrialResult:
        """The result after a decision that ends the trial."""


TrialT = TypeVar("TrialT", bound=QueuedTrial)


class QueuedPack(Protocol[TrialT]):
    """What the queue knows of a pack."""

    trials: list[TrialT]

    @property
    def can_advance(self) -> bool:
        """Whether there are trials, and no report of them waits for a decision."""


PackT = TypeVar("PackT", bound=QueuedPack)  # type: ignore[type-arg] # of the queue's trials


class PackQueue(Generic[TrialT, PackT]):
    """Trials from their admission to their results.

    Attributes:
        trials: The trials that have begun and not ended, by number.
        packs: Packs with trials that are not trained, in turn.
    """

    def __init__(self, place: Callable[[TrialT], PackT]) -> None:
        """Make an empty queue; `place` returns a pack with room for a trial: one of `packs`, or a new one."""
        self.trials: dict[int, TrialT] = {}
        self.packs: deque[PackT] = deque()
        self._place_of = place
        self._joining: deque[TrialRequest] = deque()
        self._ended: list[TrialResult] = []

    @property
    def busy(self) -> bool:
        repeating = any(trial.may_repeat for trial in self.trials.values())
        return bool(self._joining or self._ended) or repeating or any(pack.can_advance for pack in self.packs)

    def admit(self, request: TrialRequest) -> None:
        self._joining.append(request)

    def begin(self, make: Callable[[TrialRequest], TrialT | TrialResult]) -> Sequence[Report | TrialResult]:
        """Begin the admitted trials.

        Args:
            make: Makes a trial, or returns its failure.

        Returns:
            The results that are due, and reports of earlier runs.
        """
        while self._joining:
            request = self._joining.popleft()
            made = make(request)
            if isinstance(made, TrialResult):
                self._ended.append(made)
                continue
            self.trials[request.number] = made
            if not made.repeats:
                self._place(made)
        messages: list[Report | TrialResult] = [*self._ended]
        self._ended.clear()
        return messages + [trial.repeat() for trial in self.trials.values() if trial.may_repeat]

    def decide(self, number: int, decision: Decision) -> None:
        """Continue or end a trial after a report. An unknown trial is ignored."""
        trial = self.trials.get(number)
        if trial is None:
            return
        trial.trial.answered(decision)
        if decision is Decision.CONTINUE and trial.repeats:
            return
        if decision is Decision.CONTINUE and not trial.trained:
            self._place(trial)
            return
        self.forget(number)
        try:
            self._ended.append(trial.ended(decision))
        except FxaiError as error:
            self._ended.append(failure(trial.request, error))

    def next_pack(self) -> PackT | None:
        """The next pack in turn; None if every pack waits."""
        for _ in range(len(self.packs)):
            self.packs.rotate(-1)
            if self.packs[-1].can_advance:
                return self.packs[-1]
        return None

    def stepped(self, pack: PackT, messages: Sequence[Report | TrialResult]) -> None:
        """Note what a step of a pack returned. The last reports of trained trials wait for decisions."""
        for message in messages:
            if isinstance(message, TrialResult):
                self.forget(message.number)
        pack.trials = [trial for trial in pack.trials if not trial.trained]
        self._drop_empty_packs()

    def forget(self, number: int) -> None:
        """Remove a trial that has ended."""
        trial = self.trials.pop(number)
        for pack in self.packs:
            if trial in pack.trials:
                pack.trials.remove(trial)
        self._drop_empty_packs()

    def _place(self, trial: TrialT) -> None:
        """Add the trial to a pack, unless it is in one already."""
        if any(trial in pack.trials for pack in self.packs):
            return
        pack = self._place_of(trial)
        if pack not in self.packs:
            self.packs.append(pack)
        if trial not in pack.trials:
            pack.trials.append(trial)

    def _drop_empty_packs(self) -> None:
        self.packs = deque(pack for pack in self.packs if pack.trials)
