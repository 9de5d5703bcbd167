"""One trial of `fx_trading` during training: lanes, reports, checkpoint, result."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from pydantic import JsonValue

from fxai.errors import FxaiError, InputError
from fxai.evaluation.fold_rows import arrangement
from fxai.market.markets.dataset import Market
from fxai.market.markets.instruments import MarketSet
from fxai.market.rules.compiled import Array
from fxai.market.scores.bar_returns import BarReturns, Windows, needs_rewards, windows_of
from fxai.market.scores.scored_instruments import instrument_windows, scored_instruments
from fxai.market.splits.folds import latest_first
from fxai.objectives.train_returns import train_returns
from fxai.objectives.trial_agents import TrialAgents
from fxai.objectives.trial_results import failure, joined_metrics, unwritten
from fxai.objectives.worker_trial import WorkerTrial
from fxai.protocol import (
    Cause,
    Decision,
    Report,
    Slot,
    TrialError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
    Usage,
    set_aside,
)
from fxai.protocol.standard_error import mean
from fxai.rl.agents.agent_versions import torch_version
from fxai.rl.agents.checkpoint import Checkpoint, load_checkpoint, load_state
from fxai.rl.agents.numerics import NUMERICS
from fxai.rl.training.lane_pack import Lane, TrainedLanes, unstack_states
from fxai.rl.training.lane_program import Arrays
from fxai.rl.training.training import LaneEvaluation, Metrics, is_evaluated
from fxai.spec.fields.ensemble_members import count_members
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.metrics import METRICS
from fxai.spec.search.score import with_score

NO_METRICS: Metrics = {}
_MOST_AHEAD = 1  # maximum number of updates of a lane before the decision on its last report


@dataclass(frozen=True, slots=True)
class TrialConfigs:
    """The validated configurations of a trial's request."""

    own: TrainingConfig  # for the training of its lanes
    base: TrainingConfig  # of the study; its environment scores the trial


class TradingTrial:
    """A trial with one lane for each seed of each fold.

    The value of an evaluation is the mean over the lanes. The trial's value is that of the last evaluation, not the
    best one, because with noisy scores the best would be a selection on noise. For the same reason its agent is the
    committee of all its seeds, of the first lanes, which are in the fold whose training ends last.
    """

    def __init__(
        self, request: TrialRequest, configs: TrialConfigs, slot: Slot, markets: MarketSet, width: int | None = None
    ) -> None:
        """Prepare the lanes, and resume from a checkpoint if there is one.

        Args:
            request: The trial.
            configs: Its validated configurations.
            slot: Device and threads.
            markets: Bars and features.
            width: Fixed width of the packs; None if numbers do not depend on the width.

        Raises:
            InputError: If the metric or the checkpoint is not valid.
        """
        if request.metric not in METRICS and not request.score:
            raise InputError(f"fx_trading has no metric {request.metric!r}; it reports {', '.join(METRICS)}")
        self.request = request
        self.trial = WorkerTrial(request)
        self.config, self.base = configs.own, configs.base
        self.lanes = tuple(_lanes(request, self.config, markets.first))
        self._windows = tuple(_windows(lane, markets) for lane in self.lanes)
        self._arrange = arrangement(self._windows)
        self.width = width
        self.updates = 0
        self._markets = markets
        self._paths = TrialPaths(request.directory)
        self._identity = _identity(request, self.config, self.base, markets.content_hash, (slot, width))
        self._weights: Array = np.empty(0)  # of the lanes, [lane, size], at their last evaluation
        self._reports: tuple[Report, ...] = ()  # of all runs of the trial
        self._bars: BarReturns | None = None  # of the last evaluation
        self._sent = 0  # how many of these were sent to the parent by this run
        self._updates_at_report = 0  # the updates when the last report was sent
        self._resume()
        self._env_steps_before = self.env_steps

    @property
    def trained(self) -> bool:
        """Whether all updates are done."""
        return self.updates >= self.config.training.total_updates

    @property
    def env_steps(self) -> int:
        """Environment steps of training, of all lanes and all runs of the trial."""
        return self.updates * self.config.training.rollout_size * self.trainings

    @property
    def trainings(self) -> int:
        """Number of trainings: a lane has one, of an ensemble one for each member."""
        return count_members(self.config) * len(self.lanes)

    @property
    def _folds(self) -> tuple[int, ...]:
        """The index of each lane's fold; empty without folds."""
        return tuple(lane.fold for lane in self.lanes if lane.fold is not None)

    @property
    def may_advance(self) -> bool:
        """Whether the next update may run: a lane may be one update ahead of a decision, not of two."""
        if not self.trial.waits:
            return True
        ahead = self.updates - self._updates_at_report
        return ahead < _MOST_AHEAD and not is_evaluated(self.config.training, self.updates + 1)

    @property
    def repeats(self) -> bool:
        """Whether reports of an earlier run are still to be sent again."""
        return self._sent < len(self._reports)

    @property
    def may_repeat(self) -> bool:
        return self.repeats and not self.trial.waits

    def advanced(self) -> None:
        """Count an update of the lanes."""
        self.updates += 1

    def repeat(self) -> Report:
        """The next report of an earlier run."""
        self._note_sent()
        return self._reports[self._sent - 1]

    def report(self, pack: TrainedLanes) -> Report | TrialResult:
        """Evaluate the lanes after the pack's last update, and write a checkpoint.

        Returns:
            The report, or a failure if the lanes cannot be evaluated or the value is not finite.
        """
        try:
            evaluations = pack.evaluate(self.lanes)
            metrics = [_with_members(lane, self.request) for lane in evaluations]
            state = pack.stacked_states(self.lanes)
        except (FxaiError, ExpressionError) as error:
            return failure(self.request, error)
        values = [lane[self.request.metric] for lane in metrics]
        if not all(map(math.isfinite, values)):
            reason = f"the objective's value is {mean(values)} at step {self.updates}"
            return self._result(TrialState.FAIL, error=TrialError(Cause.NOT_FINITE, reason))
        spans = [lane.score for lane in evaluations]
        joined = joined_metrics(metrics, spans, self.request, self._arrange)
        report = Report(self.request.number, self.updates, mean(values), joined, self.env_steps)
        self._reports += (report,)
        rewards = needs_rewards({self.request.metric, *self.request.objectives}, self.request.score)
        self._bars = BarReturns.of(self.updates, self.request.seeds, spans, rewards=rewards)
        checkpoint = Checkpoint(self._identity, self._reports, state, self._bars)
        flaw = unwritten(lambda: checkpoint.save(self._paths.checkpoint))
        self._weights = state["weights"]
        self._note_sent()
        return replace(report, flaw=flaw)

    def ended(self, decision: Decision) -> TrialResult:
        """The trial's result after this decision on its last report; a stop may come before the first one."""
        if decision is Decision.STOP:
            return self.returned()
        last = self._reports[self._sent - 1]
        match decision:
            case Decision.PRUNE:
                flaw = unwritten(lambda: self._write_bars(last.step))
                return replace(self._result(TrialState.PRUNED, metrics=last.metrics), flaw=flaw)
            case Decision.CONTINUE:
                bars_flaw = unwritten(lambda: self._write_bars(last.step))
                flaw = unwritten(self._save_agent) or bars_flaw
                flaw = unwritten(self._write_train_bars) or flaw
                return replace(self._result(TrialState.COMPLETE, last.value, last.metrics), flaw=flaw)

    def returned(self) -> TrialResult:
        """The result of a trial that is returned unfinished; it will continue from its last checkpoint."""
        return self._result(TrialState.RETURNED)

    def _result(
        self,
        state: TrialState,
        value: float | None = None,
        metrics: Metrics = NO_METRICS,
        error: TrialError | None = None,
    ) -> TrialResult:
        """A result with the resource usage of this run."""
        seconds = max(self.trial.seconds, 1e-9)
        usage = Usage(self.env_steps, (self.env_steps - self._env_steps_before) / seconds)
        return TrialResult(self.request.number, state, seconds, value, metrics, error, usage)

    def _write_bars(self, step: int) -> None:
        """Write the returns of the last report, unless a checkpoint of an earlier release had none."""
        if self._bars is not None and self._bars.step == step:
            instruments = scored_instruments(self._markets, self.config.data.split.validation_episodes)
            bars = replace(self._bars, folds=self._folds, windows=self._windows, instruments=instruments)
            bars.write(self._paths.returns)

    def _write_train_bars(self) -> None:
        """Write the returns on the train bars, if the request wants them."""
        if self.request.train_returns and self._folds:
            bars = train_returns(self._agents, self._weights, self.lanes, self.updates)
            bars.write(self._paths.train_returns)

    def _note_sent(self) -> None:
        self._sent += 1
        self._updates_at_report = self.updates
        self.trial.reported()

    @property
    def _agents(self) -> TrialAgents:
        """The agents of the trial's seeds in the fold whose training ends last."""
        seeds = self.request.seeds[: len(self.lanes) // self.request.folds]
        return TrialAgents(self.config, tuple(seeds), self._markets, self.base.env)

    def _save_agent(self) -> None:
        self._agents.save(self._paths.agent, self._weights)

    def _resume(self) -> None:
        """Continue from the trial's checkpoint of an earlier run, or from the checkpoint that the trial inherits.

        A checkpoint of another identity is renamed, unless the trial inherits: the checkpoint is then the trial's
        state before. The lanes draw by the trial's own seeds, so two trials that inherit the same weights differ.
        """
        checkpoint = load_checkpoint(self._paths.checkpoint, self._identity)
        inherited = self.request.inherited
        if checkpoint is not None:
            self._reports, self._bars = checkpoint.reports, checkpoint.bars
            self._restore(checkpoint.reports[-1].step, checkpoint.state)
        elif inherited is not None:
            self._restore(inherited.step, load_state(inherited.checkpoint, inherited.step))
        else:
            set_aside([self._paths.checkpoint])

    def _restore(self, step: int, state: Arrays) -> None:
        self._weights = state["weights"]
        self.updates = step
        for lane, row in zip(self.lanes, unstack_states(state), strict=True):
            lane.state = row


def _lanes(request: TrialRequest, config: TrainingConfig, market: Market) -> Iterator[Lane]:
    """The lanes of a trial, with folds those of one fold after the other; see `latest_first`."""
    if request.folds == 1:
        yield from (Lane(config, seed) for seed in request.seeds)
        return
    seeds_per_fold = len(request.seeds) // request.folds
    for place, fold in enumerate(latest_first(market.folds)):
        of_fold = request.seeds[place * seeds_per_fold : (place + 1) * seeds_per_fold]
        yield from (Lane(config, seed, fold=fold) for seed in of_fold)


def _windows(lane: Lane, markets: MarketSet) -> Windows:
    """The bars that score a lane."""
    parts = lane.config.data.split.validation_episodes
    if lane.fold is None:
        return instrument_windows(markets, parts)
    return windows_of(markets.first.splits, parts, markets.first.folds[lane.fold])


def _with_members(evaluation: LaneEvaluation, request: TrialRequest) -> Metrics:
    """The metrics with the score, and with the metric of the study of each member of an ensemble: `d3qn_0_sharpe`."""
    of_members = {
        f"{name}_{request.metric}": with_score(metrics, request.score)[request.metric]
        for name, metrics in evaluation.members.items()
    }
    return {**with_score(evaluation.metrics, request.score), **of_members}


def _identity(
    request: TrialRequest, config: TrainingConfig, base: TrainingConfig, data_hash: str, where: tuple[Slot, int | None]
) -> dict[str, JsonValue]:
    """Fields in which two runs must agree to compute the same numbers; the attempt is not included."""
    slot, width = where
    inherited = request.inherited
    return {
        **({} if inherited is None else {"inherited": [inherited.donor, inherited.step]}),
        "study": request.study,
        "number": request.number,
        "config": config.model_dump(mode="json"),
        "base_env": base.env.model_dump(mode="json"),
        "seeds": list(request.seeds),
        "metric": request.metric,
        "data_hash": data_hash,
        "device": slot.device.partition(":")[0],
        "width": width,
        "versions": {"numerics": NUMERICS, "torch": torch_version()},
    }
