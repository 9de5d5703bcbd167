"""Functions that return positions as objectives: FxAI trades the positions on the validation split and scores them.

A trial is a process of its own, as of other functions. The positions of a function depend on no seed, so a trial with
several seeds is computed once.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import chdir
from dataclasses import dataclass, replace

from fxai.errors import FxaiError
from fxai.evaluation.score_errors import error_metrics, score_errors
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.scores.bar_returns import BarReturns, needs_rewards
from fxai.market.scores.position_function import function_positions
from fxai.market.scores.position_returns import load_machine_code
from fxai.market.scores.scored_positions import bars_before_test, score_positions, scored_windows
from fxai.market.scores.scored_steps import SpanScore
from fxai.objectives.handle import Trial
from fxai.objectives.python_function import FunctionObjective
from fxai.process_tree import ProcessTrees
from fxai.protocol import MARKET_ERROR, STANDARD_ERROR, Outcome, Report, Slot, TrialPaths, TrialRequest, failed
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.positions_config import arguments_of, scored_market
from fxai.spec.search.score import with_score

_STEP = 1  # of the only evaluation of a trial
_HERE = ""  # a trial's process works in the folder of the objective


class PositionsObjective:
    """Computes and scores the positions of a trial: `fxai.protocol.Objective`."""

    def __init__(self, function: str, process_trees: ProcessTrees) -> None:
        """For a function `package.module:function`."""
        self._function = function
        self._process_trees = process_trees
        load_machine_code()

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
        trial = PositionsTrial(self._function, request, os.getcwd())  # noqa: PTH109 (a string can be sent)
        return (yield from FunctionObjective(trial, self._process_trees)(request, slot))


@dataclass(frozen=True, slots=True)
class PositionsTrial:
    """One trial, called in its own process."""

    function: str
    request: TrialRequest
    started_in: str  # folder in which relative paths of data are looked up

    def __call__(self, trial: Trial) -> Mapping[str, float]:
        """The metrics of the positions, with their errors. The returns of all bars are written to the trial's folder.

        Raises:
            TrialFailedError: If the data cannot be used, or the function fails or returns no positions.
        """
        try:
            config = scored_market(trial.config)
            with chdir(self.started_in):
                bars = load_bars(config.data)
                market = prepare_bars(bars, config.data)
            seen = bars_before_test(bars, market)
            positions = function_positions(seen, self.function, _HERE, arguments_of(trial.config))
            score = score_positions(market, positions, config)
            with chdir(self.started_in):
                self._write_returns(market, score, config)
            return self._metrics(score)
        except (FxaiError, ExpressionError) as error:
            raise failed(str(error)) from error

    def _write_returns(self, market: Market, score: SpanScore, config: TrainingConfig) -> None:
        rewards = needs_rewards({self.request.metric, *self.request.objectives}, self.request.score)
        bars = BarReturns.of(_STEP, [self.request.seed], [score], rewards=rewards)
        windows = (scored_windows(market, config),)
        replace(bars, windows=windows).write(TrialPaths(self.request.directory).returns)

    def _metrics(self, score: SpanScore) -> dict[str, float]:
        formula = self.request.score
        errors = score_errors([score], [with_score(score.metrics, formula)], formula)
        of_value = errors[self.request.metric]
        parts = {STANDARD_ERROR: of_value.total, MARKET_ERROR: of_value.market}
        known = {name: error for name, error in parts.items() if error is not None}
        return {**score.metrics, **error_metrics(errors), **known}
