"""The trials of one pack, which are updated together."""

from collections.abc import Callable

from fxai.objectives.trading_trial import TradingTrial
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.lane_pack import LanePack, TrainedLanes
from fxai.rl.training.training import Training, is_evaluated
from fxai.spec.fields.env_config import EnvConfig

Kind = tuple[str, EnvConfig, int | None]
"""Properties that the trials of a pack share: signature, scoring environment, fixed width of the pack."""


class TradingPack:
    """Trials whose lanes are one program; `trials` may change between updates."""

    def __init__(self, kind: Kind, make_training: Callable[[Pack], Training]) -> None:
        self.kind = kind
        self.trials: list[TradingTrial] = []
        self.lane_pack = LanePack(make_training, kind[-1])

    @property
    def lanes(self) -> int:
        return sum(len(trial.lanes) for trial in self.trials)

    @property
    def can_advance(self) -> bool:
        """Whether no trial waits for a decision."""
        return bool(self.trials) and all(trial.may_advance for trial in self.trials)

    def clear(self) -> None:
        """Remove all trials and free their memory."""
        self.trials.clear()
        self.lane_pack.set_lanes(())

    def update(self) -> list[TradingTrial]:
        """Train one update. Returns the trials that are evaluated after it."""
        lanes = [lane for trial in self.trials for lane in trial.lanes]
        if set(lanes) != set(self.lane_pack.lanes):
            self.lane_pack.set_lanes(lanes)
        self.lane_pack.update()
        for trial in self.trials:
            trial.advanced()
        lanes_to_evaluate = set(self.lane_pack.lanes_to_evaluate())
        return [trial for trial in self.trials if trial.lanes[0] in lanes_to_evaluate]


class EnsemblePack:
    """A trial of an ensemble, whose members train alone with those of their kind; as `TradingPack`, of one trial.

    Trials share no packs: a member whose trial waits for the members of another kind would delay other trials.
    """

    def __init__(self, trial: TradingTrial, make_lanes: Callable[[], TrainedLanes]) -> None:
        """`make_lanes` builds the lanes of the trial, before its first update."""
        self.kind: Kind = (f"ensemble of trial {trial.request.number}", trial.base.env, None)
        self.trials = [trial]
        self._make_lanes = make_lanes
        self._lanes: TrainedLanes | None = None  # until the first update

    @property
    def lanes(self) -> int:
        return sum(trial.trainings for trial in self.trials)

    @property
    def can_advance(self) -> bool:
        return bool(self.trials) and all(trial.may_advance for trial in self.trials)

    @property
    def lane_pack(self) -> TrainedLanes:
        """The lanes of the trial."""
        if self._lanes is None:
            self._lanes = self._make_lanes()
        return self._lanes

    def clear(self) -> None:
        self.trials.clear()
        self._lanes = None

    def update(self) -> list[TradingTrial]:
        self.lane_pack.update()
        for trial in self.trials:
            trial.advanced()
        return [trial for trial in self.trials if is_evaluated(trial.config.training, trial.updates)]
