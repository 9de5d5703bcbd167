"""Trials of `llm_signal` whose adapters are trained in one pass of the network."""

from collections.abc import Sequence

from fxai.llm.training import LaneOutOfMemoryError, SignalTraining
from fxai.objectives.signal_trial import SignalTrial
from fxai.objectives.trial_results import failure
from fxai.protocol import Cause, Report, TrialResult


class SignalPack:
    """Trials with the same model, the same adapted layers and the same answers.

    A trial that is pruned or ends leaves the pack, and the others continue from their states.
    """

    def __init__(self, kind: str) -> None:
        """For trials of one signature, `kind`."""
        self.kind = kind
        self.trials: list[SignalTrial] = []
        self._members: tuple[SignalTrial, ...] = ()  # of the training
        self._training: SignalTraining | None = None

    @property
    def lanes(self) -> int:
        return sum(len(trial.request.seeds) for trial in self.trials)

    @property
    def can_advance(self) -> bool:
        """Whether there are trials, and no report of them waits for a decision."""
        return bool(self.trials) and not any(trial.trial.waits for trial in self.trials)

    def step(self) -> Sequence[Report | TrialResult]:
        """One training step of all trials. Returns the reports that are due, and failures for want of memory."""
        training = self._built()
        try:
            training.step()
        except LaneOutOfMemoryError as error:
            trial = next(each for each, lanes in self._places() if error.lane in lanes)
            return (failure(trial.request, error, Cause.OUT_OF_MEMORY),)
        progress = training.progress()
        for trial, lanes in self._places():
            trial.advanced([progress[lane] for lane in lanes])
        return [trial.report(training, lanes) for trial, lanes in self._places() if trial.is_due]

    def _built(self) -> SignalTraining:
        """The training of the present trials."""
        if self._training is not None and self._members == tuple(self.trials):
            return self._training
        if self._training is not None:
            for trial, places in self._places():
                trial.keep(self._training, places)
        self._members = tuple(self.trials)
        first, lanes = self._members[0], [lane for trial in self._members for lane in trial.lanes()]
        self._training = SignalTraining(first.model.model, first.adapters, first.tree, lanes)
        return self._training

    def _places(self) -> Sequence[tuple[SignalTrial, Sequence[int]]]:
        """The members of the training that are in the pack, each with the places of its lanes in the training."""
        found, first = [], 0
        for trial in self._members:
            places = range(first, first + len(trial.request.seeds))
            first = places.stop
            if trial in self.trials:
                found.append((trial, places))
        return found
