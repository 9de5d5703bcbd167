"""Lanes of `fx_trading` in one worker: trials in packs by signature, updated in turn."""

from collections.abc import Callable, Sequence
from traceback import clear_frames

from fxai.errors import FxaiError
from fxai.objectives.cached_markets import cached_set, cached_table, cached_table_of_folds
from fxai.objectives.pack_queue import PackQueue
from fxai.objectives.trading_pack import EnsemblePack, TradingPack
from fxai.objectives.trading_trial import TradingTrial, TrialConfigs
from fxai.objectives.trial_results import failure
from fxai.protocol import (
    Cause,
    Decision,
    JsonObject,
    LanePlan,
    Report,
    Slot,
    TrialRequest,
    TrialResult,
    is_device_out_of_memory,
)
from fxai.rl.agents.build_training import build_training
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.lanes.pack import Pack, signature
from fxai.rl.training.lane_pack import TrainedLanes
from fxai.rl.training.lane_width import measured_width, probe_config, probed_device
from fxai.rl.training.training import Training
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.ensemble_members import is_ensemble
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig

_CAPTURED_AFTER = 2
"""Updates of a pack on a GPU before the CUDA graph is captured. A capture costs as much as one to five replays save.
A pack whose lanes change is captured again (`benchmarks/graphs.py`)."""


class TradingLanes:
    """Trials trained side by side; see `Lanes`.

    An FxaiError (wrong configuration, missing bars, full disk) fails the trial that it concerns. Any other exception is
    raised, and the worker finds the trial that caused it.
    """

    def __init__(self, plan: LanePlan, slot: Slot) -> None:
        self._slot = slot
        self._seeds_per_trial = plan.seeds_per_trial
        self._queue: PackQueue[TradingTrial, TradingPack | EnsemblePack] = PackQueue(self._pack_for)
        self._base: tuple[JsonObject, TrainingConfig] | None = (
            None  # base configuration of the last request, as JSON and validated
        )
        lanes = plan.lanes or _best_width(TrainingConfig.model_validate(plan.base_config), slot)
        self.width = max(lanes, plan.seeds_per_trial)
        if self._on_device and plan.trials is not None:
            self.width = min(self.width, _power_of_two(plan.trials * plan.seeds_per_trial))

    @property
    def _on_device(self) -> bool:
        """Whether a lane's numbers may depend on the width of a pack, so that the width must be fixed."""
        return self._slot.device != "cpu"

    @property
    def busy(self) -> bool:
        return self._queue.busy

    def admit(self, request: TrialRequest) -> None:
        self._queue.admit(request)

    def decide(self, number: int, decision: Decision) -> None:
        self._queue.decide(number, decision)

    def advance(self) -> Sequence[Report | TrialResult]:
        messages = self._queue.begin(self._begun)
        pack = self._queue.next_pack()
        if pack is None:
            return messages
        try:
            stepped = [trial.report(pack.lane_pack) for trial in pack.update()]
        except Exception as error:
            if not is_device_out_of_memory(error):
                raise
            return [*messages, *self._without(pack, error)]
        self._queue.stepped(pack, stepped)
        return [*messages, *stepped]

    def _begun(self, request: TrialRequest) -> TradingTrial | TrialResult:
        try:
            configs = TrialConfigs(TrainingConfig.model_validate(request.config), self._base_config(request))
            markets = cached_set(configs.own.data)
            has_width = self._on_device and not is_ensemble(configs.own)
            return TradingTrial(request, configs, self._slot, markets, self.width if has_width else None)
        except FxaiError as error:
            return failure(request, error)

    def _base_config(self, request: TrialRequest) -> TrainingConfig:
        """The configuration of the request's study, validated when the first trial of the study comes."""
        if self._base is None or self._base[0] != request.base_config:
            self._base = (request.base_config, TrainingConfig.model_validate(request.base_config))
        return self._base[1]

    def _pack_for(self, trial: TradingTrial) -> TradingPack | EnsemblePack:
        """A matching pack with free lanes, or a new one. An ensemble has a pack of its own."""
        base, slot = trial.base.env, self._slot
        after = _CAPTURED_AFTER if slot.device.startswith("cuda") else None

        def make_training(members: Pack) -> Training:
            return _training(members, base, slot, after)

        if is_ensemble(trial.config):
            return EnsemblePack(trial, lambda: self._ensemble_lanes(trial, make_training))
        kind = (signature(trial.config), base, trial.width)
        most = (trial.width or self.width) - len(trial.lanes)
        found = (each for each in self._queue.packs if each.kind == kind and each.lanes <= most)
        return next(found, None) or TradingPack(kind, make_training)

    def _ensemble_lanes(self, trial: TradingTrial, make_training: Callable[[Pack], Training]) -> TrainedLanes:
        from fxai.rl.agents.ensemble_lanes import EnsembleLanes  # noqa: PLC0415 - torch

        data = trial.config.data
        table = _table(data, in_folds=trial.lanes[0].fold is not None)
        device = self._slot.device
        return EnsembleLanes(trial.lanes, trial.base.env, make_training, cached_set(data), table, device=device)

    def _without(self, pack: TradingPack | EnsemblePack, error: Exception) -> list[Report | TrialResult]:
        """Return the trials of a pack that was too wide, so that they are run in narrower packs.

        They continue from their checkpoints. On a device they start from the beginning: a training there has one
        width.
        """
        trials, lanes = list(pack.trials), pack.kind[-1] or pack.lanes
        for trial in trials:
            self._queue.forget(trial.request.number)
        pack.clear()
        clear_frames(error.__traceback__)  # the frames have references to tensors
        probed_device(self._slot).free_memory()
        if lanes <= self._seeds_per_trial or (len(trials) == 1 and pack.kind[-1] is None):
            return [failure(trial.request, error, Cause.OUT_OF_MEMORY) for trial in trials]
        self.width = min(self.width, max(lanes // 2, self._seeds_per_trial))
        return [trial.returned() for trial in trials]


def _power_of_two(number: int) -> int:
    """The least power of two >= number, so that a few more trials seldom change a pack's width."""
    return 1 << (number - 1).bit_length()


def _best_width(config: TrainingConfig, slot: Slot) -> int:
    """The fastest number of lanes for the study's configuration on this slot; 1 for ensembles, which share no pack."""
    if is_ensemble(config):
        return 1
    probe = probe_config(config)

    def packed(lanes: int) -> Training:
        return _training(Pack((probe,) * lanes, tuple(range(lanes))), config.env, slot)

    return measured_width(packed, signature(config), slot)


def _training(pack: Pack, base: EnvConfig, slot: Slot, cuda_graph_after: int | None = None) -> Training:
    data = pack.configs[0].data
    table = _table(data, in_folds=bool(pack.folds))
    return build_training(pack, base, cached_set(data), slot.device, table, cuda_graph_after=cuda_graph_after)


def _table(data: DataConfig, *, in_folds: bool) -> MarketTable:
    return cached_table_of_folds(data) if in_folds else cached_table(data)
