"""A pack whose lanes change between updates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fxai.errors import FxaiError
from fxai.market.rules.compiled import Array
from fxai.rl.lanes.pack import Pack, longest_first
from fxai.rl.training.lane_program import Arrays
from fxai.rl.training.training import LaneEvaluation, Training
from fxai.spec.fields.training_config import TrainingConfig


@dataclass(eq=False, slots=True)
class Lane:
    """One training: configuration, seed, and state when it last left a pack (None: not started)."""

    config: TrainingConfig
    seed: int
    state: Arrays | None = None  # arrays of `Training.state` without the lane axis
    fold: int | None = None  # index of the fold whose bars it uses; None: train and validation split


class TrainedLanes(Protocol):
    """Lanes that trials train, evaluate and store."""

    def update(self) -> None:
        """One update of every lane."""
        ...

    def evaluate(self, lanes: Sequence[Lane], /) -> list[LaneEvaluation]:
        """Scores and statistics of the given lanes after the last update."""
        ...

    def stacked_states(self, lanes: Sequence[Lane], /) -> dict[str, Array]:
        """States of the given lanes for checkpoints, each array [lane, ...]."""
        ...


class LanePack:
    """Lanes of one signature that train as one program.

    When the lanes change, a new training is built and the state of the remaining lanes is copied into it, which takes a
    few milliseconds. So no state of a removed lane remains, and an added lane begins as it would alone.

    On a GPU a lane's numbers may depend on the number of lanes. So that they do not depend on which lanes join and
    leave, a pack there has a fixed width. Missing lanes are copies of the last lane; they restart at each change and
    their results are not used.
    """

    def __init__(self, make_training: Callable[[Pack], Training], width: int | None = None) -> None:
        """`width` is the fixed number of lanes of every training; None: as many as there are."""
        self._make_training, self._width = make_training, width
        self._training: Training | None = None
        self._evaluations: dict[Lane, LaneEvaluation] = {}  # of the lanes that were evaluated after that update
        self.lanes: tuple[Lane, ...] = ()

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Continue with these lanes. Removed lanes lose their state; added lanes begin at their own."""
        self._evaluations = {}
        ordered = longest_first(lanes, key=lambda lane: lane.config)
        if not ordered:
            self.lanes, self._training = (), None
            return
        members = self._padded(ordered)
        training = self._make_training(_pack_of(members))
        state = training.state()
        self._copy_kept_lanes(ordered, state)
        for index, lane in enumerate(ordered):
            for name, row in (lane.state or {}).items():
                state[name][index] = row
            lane.state = None
        training.restore(state)
        self.lanes, self._training = ordered, training

    def update(self) -> None:
        """One update of every lane."""
        self._evaluations = {}
        self._running.update()

    def lanes_to_evaluate(self) -> list[Lane]:
        """The lanes that are evaluated after their present number of updates."""
        return [self.lanes[index] for index in self._running.lanes_to_evaluate() if index < len(self.lanes)]

    def evaluate(self, lanes: Sequence[Lane]) -> list[LaneEvaluation]:
        """Scores and statistics of the given lanes after the last update."""
        if not self._evaluations.keys() >= set(lanes):  # one evaluation for all lanes that are evaluated now
            together = tuple(dict.fromkeys((*lanes, *self.lanes_to_evaluate())))
            evaluations = self._running.evaluate([self.lanes.index(lane) for lane in together])
            self._evaluations = dict(zip(together, evaluations, strict=True))
        return [self._evaluations[lane] for lane in lanes]

    def updates(self, lane: Lane) -> int:
        """Number of updates of the lane."""
        return self._running.updates[self.lanes.index(lane)]

    def weights(self, lanes: Sequence[Lane]) -> Array:
        """[lane, size]: weights of the policy of the given lanes."""
        return self._running.weights[[self.lanes.index(lane) for lane in lanes]]

    def stacked_states(self, lanes: Sequence[Lane]) -> dict[str, Array]:
        """States of the given lanes for checkpoints, each array [lane, ...]."""
        ordered = [self.lanes.index(lane) for lane in lanes]
        return {name: array[ordered] for name, array in self._running.arrays().items()}

    @property
    def _running(self) -> Training:
        if self._training is None:
            raise FxaiError("the pack has no lanes to train")
        return self._training

    def _padded(self, lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
        if self._width is None:
            return lanes
        if len(lanes) > self._width:
            raise FxaiError(f"{len(lanes)} lanes exceed the pack's width of {self._width}")
        return lanes + lanes[-1:] * (self._width - len(lanes))

    def _copy_kept_lanes(self, ordered: Sequence[Lane], state: Arrays) -> None:
        """Copy the states of the remaining lanes to their new positions."""
        before = {lane: index for index, lane in enumerate(self.lanes)}
        after = {lane: index for index, lane in enumerate(ordered) if lane in before}
        if self._training is None or not after:
            return
        for name, array in self._training.arrays().items():
            state[name][list(after.values())] = array[[before[lane] for lane in after]]


def _pack_of(lanes: Sequence[Lane]) -> Pack:
    folds = tuple(lane.fold for lane in lanes if lane.fold is not None)
    return Pack(tuple(lane.config for lane in lanes), tuple(lane.seed for lane in lanes), folds)


def unstack_states(state: Arrays) -> list[dict[str, Array]]:
    """The states of `LanePack.stacked_states`, one mapping per lane."""
    count = len(next(iter(state.values())))
    return [{name: array[index, ...] for name, array in state.items()} for index in range(count)]
