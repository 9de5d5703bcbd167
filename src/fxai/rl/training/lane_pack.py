"""A pack whose lanes come and go between updates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from fxai.errors import FxaiError
from fxai.rl.lanes.pack import Pack, longest_first
from fxai.rl.training.training import Metrics, Training
from fxai.spec.fields.training_config import TrainingConfig


@dataclass(eq=False, slots=True)
class Lane:
    """One training: what it is, and where it stood when it was last in no pack (None: at its beginning)."""

    config: TrainingConfig
    seed: int
    state: Mapping[str, Tensor] | None = None  # the rows of `Training.state`, each without the lane axis


class LanePack:
    """Lanes of one signature that train as one tensor program.

    When the lanes change, a new training is made and the rows of those that stay are copied into it, which
    costs a few milliseconds. So nothing of a lane that left can remain, and a lane that joins begins as it
    would alone.

    On a device other than the CPU a lane's numbers may depend on how many there are. So that they depend on
    nobody who joins or leaves, a pack there has a fixed width: what lanes are missing are made up by
    copies of the last one, which begin anew at each change and are read by nobody.
    """

    def __init__(self, make_training: Callable[[Pack], Training], width: int | None = None) -> None:
        """`width` is how many lanes every training has; None: as many as there are."""
        self._make_training, self._width = make_training, width
        self._training: Training | None = None
        self._on_host: dict[str, Tensor] | None = None  # the training's state since its last update
        self.lanes: tuple[Lane, ...] = ()

    def regroup(self, lanes: Sequence[Lane]) -> None:
        """Go on with these lanes: those that leave keep no state, those that join begin at theirs."""
        chosen = longest_first(lanes, key=lambda lane: lane.config)
        if not chosen:
            self.lanes, self._training, self._on_host = (), None, None
            return
        members = self._padded(chosen)
        training = self._make_training(
            Pack(tuple(lane.config for lane in members), tuple(lane.seed for lane in members))
        )
        state = training.state()
        self._carry_over(chosen, state)
        for index, lane in enumerate(chosen):
            for name, row in (lane.state or {}).items():
                state[name][index] = row
            lane.state = None
        training.restore(state)
        self.lanes, self._training, self._on_host = chosen, training, None

    def update(self) -> None:
        """One update of every lane."""
        self._on_host = None
        self._running.update()

    def due(self) -> list[Lane]:
        """The lanes that are to be evaluated where they stand."""
        return [self.lanes[index] for index in self._running.due() if index < len(self.lanes)]

    def evaluate(self, lanes: Sequence[Lane]) -> list[Metrics]:
        return self._running.evaluate([self.lanes.index(lane) for lane in lanes])

    def updates(self, lane: Lane) -> int:
        """How many updates the lane has had."""
        return self._running.updates[self.lanes.index(lane)]

    def stacked(self, lanes: Sequence[Lane]) -> dict[str, Tensor]:
        """The states of some lanes, each [lane, ...] on the CPU: what a checkpoint holds."""
        if self._on_host is None:  # one transfer for all lanes of an evaluation
            self._on_host = {name: tensor[: len(self.lanes)].cpu() for name, tensor in self._running.tensors().items()}
        chosen = [self.lanes.index(lane) for lane in lanes]
        return {name: tensor[chosen] for name, tensor in self._on_host.items()}

    @property
    def _running(self) -> Training:
        if self._training is None:
            raise FxaiError("a pack without lanes has nothing to train")
        return self._training

    def _padded(self, lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
        if self._width is None:
            return lanes
        if len(lanes) > self._width:
            raise FxaiError(f"a pack of {self._width} lanes has no room for {len(lanes)}")
        return lanes + lanes[-1:] * (self._width - len(lanes))

    def _carry_over(self, chosen: Sequence[Lane], state: Mapping[str, Tensor]) -> None:
        """Copy the rows of the lanes that stay to where they are among the chosen ones."""
        before = {lane: index for index, lane in enumerate(self.lanes)}
        after = {lane: index for index, lane in enumerate(chosen) if lane in before}
        if self._training is None or not after:
            return
        for name, tensor in self._training.tensors().items():
            state[name][list(after.values())] = tensor[[before[lane] for lane in after]]


def unstacked(state: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """The rows of `LanePack.stacked`, one mapping for each lane."""
    count = len(next(iter(state.values())))
    return [{name: tensor[index] for name, tensor in state.items()} for index in range(count)]
