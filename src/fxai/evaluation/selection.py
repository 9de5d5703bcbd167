"""Describes the selection of a search's best trial on the validation bars, where it was chosen.

The figures decide nothing. They are optimistic, because the trials are not independent: a sampler that learns from
earlier trials proposes parameters near the best ones.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
from pydantic import ConfigDict, FiniteFloat, JsonValue

from fxai.evaluation.fold_efficiency import WalkForwardEfficiency
from fxai.evaluation.json_record import record_of_json
from fxai.evaluation.overfitting import Overfitting, effective_trials, fewest_bars, overfitting
from fxai.evaluation.reference_tests import reference_tests
from fxai.evaluation.row_parts import row_parts
from fxai.evaluation.sharpe_tests import deflated_sharpe, expected_maximum, sharpe_ratios, sharpe_sample
from fxai.evaluation.verdict import MissingFigure
from fxai.evaluation.whole_error import MINIMUM_BARS
from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import Float32Array

DSR = "deflated Sharpe ratio (DSR)"
PBO = "probability of backtest overfitting (PBO)"
EFFECTIVE = "effective number of trials"
MANY_TESTS = "tests SPA and StepM"
EFFICIENCY = "walk-forward efficiency"
_NO_VARIATION = "the returns of no trial vary"
_FEWEST_TRIALS = 2
_BOOTSTRAP_SEED = 0
_STRICT = ConfigDict(extra="forbid", strict=True)
_FigureT = TypeVar("_FigureT")


@dataclass(frozen=True, slots=True, eq=False)
class TrialReturns:
    """Returns of complete trials on the same validation bars, with folds on the bars of all test windows."""

    numbers: tuple[int, ...]  # of the trials
    returns: Float32Array  # [trial, bar], the mean over the seeds of each trial


@dataclass(frozen=True, slots=True)
class SearchedTrials:
    """The trials of a search."""

    chosen: int  # number of the trial that is judged
    tried: int  # complete, pruned and failed trials
    complete: int


@dataclass(frozen=True, slots=True)
class DeflatedSharpe:
    """The chosen trial's Sharpe ratio beside the best one that luck is expected to find; annualized."""

    __pydantic_config__ = _STRICT

    probability: FiniteFloat  # DSR: that the true Sharpe ratio is above the expected best of luck
    sharpe: FiniteFloat  # of the chosen trial
    expected_best: FiniteFloat  # of as many trials without skill as were tried
    deviation: FiniteFloat  # standard deviation of the Sharpe ratios of the complete trials


@dataclass(frozen=True, slots=True)
class BetterTrials:
    """Whether complete trials earn more than doing nothing, all of them taken into account."""

    __pydantic_config__ = _STRICT

    p_value: FiniteFloat  # SPA, consistent: of the hypothesis that no trial earns more
    p_value_lower: FiniteFloat
    p_value_upper: FiniteFloat  # White's Reality Check
    better: tuple[int, ...]  # StepM: numbers of the trials that earn more, at the family-wise error rate
    error_rate: FiniteFloat
    replicates: int  # of the bootstrap
    grouped_bars: int  # consecutive bars that were resampled as one


@dataclass(frozen=True, slots=True)
class Selection:
    """The figures of the selection. A figure that cannot be given is None, and `missing` has the reason."""

    __pydantic_config__ = _STRICT

    tried: int  # complete, pruned and failed trials
    complete: int
    used: int  # complete trials whose returns were read and used
    bars: int  # of validation, with folds of all test windows; 0 without returns
    deflated_sharpe: DeflatedSharpe | None
    effective_trials: FiniteFloat | None
    overfitting: Overfitting | None
    better_trials: BetterTrials | None
    efficiency: WalkForwardEfficiency | None  # None also for a study without folds
    missing: tuple[MissingFigure, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Selection":
        """Inverse of `as_json`, also after a round trip through JSON.

        Raises:
            InputError: If the document is not complete.
        """
        return record_of_json(cls, document, "selection")


def selection(
    trials: TrialReturns,
    searched: SearchedTrials,
    bars_per_year: float,
    efficiency: WalkForwardEfficiency | MissingFigure | None = None,
) -> Selection:
    """Describe the selection of one trial among those of a search.

    Args:
        trials: The returns of the complete trials that can be read.
        searched: How many trials there are, and which one was chosen.
        bars_per_year: For annualized figures.
        efficiency: Of the chosen trial's agents on fresh seeds; None for a study without folds.
    """
    if len(trials.numbers) < _FEWEST_TRIALS:
        return _without_trials(trials, searched, efficiency)
    deflated = _deflated_sharpe(trials, searched, bars_per_year)
    effective = effective_trials(trials.returns) or MissingFigure(EFFECTIVE, _NO_VARIATION)
    overfitted, better = _overfitting(trials.returns), _better_trials(trials)
    return Selection(
        tried=searched.tried,
        complete=searched.complete,
        used=len(trials.numbers),
        bars=trials.returns.shape[1],
        deflated_sharpe=_given(deflated),
        effective_trials=_given(effective),
        overfitting=_given(overfitted),
        better_trials=_given(better),
        efficiency=_given(efficiency),
        missing=_missing(deflated, effective, overfitted, better, efficiency),
    )


def _without_trials(
    trials: TrialReturns, searched: SearchedTrials, efficiency: WalkForwardEfficiency | MissingFigure | None
) -> Selection:
    reason = (
        f"they need {_FEWEST_TRIALS} complete trials with returns; there are {len(trials.numbers)}, "
        f"of {searched.complete} complete trials (fxai report --rebuild writes missing returns again)"
    )
    return Selection(
        tried=searched.tried,
        complete=searched.complete,
        used=len(trials.numbers),
        bars=trials.returns.shape[1] if trials.numbers else 0,
        deflated_sharpe=None,
        effective_trials=None,
        overfitting=None,
        better_trials=None,
        efficiency=_given(efficiency),
        missing=_missing(MissingFigure(f"{DSR}, {PBO}, {EFFECTIVE}, {MANY_TESTS}", reason), efficiency),
    )


def _deflated_sharpe(
    trials: TrialReturns, searched: SearchedTrials, bars_per_year: float
) -> DeflatedSharpe | MissingFigure:
    """N counts all trials; the variance of the Sharpe ratios is that of the complete trials."""
    if searched.chosen not in trials.numbers:
        return MissingFigure(DSR, f"the returns of trial {searched.chosen} cannot be read")
    returns = trials.returns[trials.numbers.index(searched.chosen)].astype(np.float64)
    sample, variance = sharpe_sample(returns), float(_sharpe_ratios(trials.returns).var(ddof=1))
    if sample is None:
        return MissingFigure(DSR, f"the returns of trial {searched.chosen} do not vary")
    if variance == 0:
        return MissingFigure(DSR, "the Sharpe ratios of the complete trials are equal")
    probability = deflated_sharpe(sample, variance, searched.tried)
    if probability is None:
        return MissingFigure(DSR, "the standard error of the Sharpe ratio is undefined")
    year, deviation = math.sqrt(bars_per_year), math.sqrt(variance)
    return DeflatedSharpe(
        probability=probability,
        sharpe=sample.sharpe * year,
        expected_best=deviation * expected_maximum(searched.tried) * year,
        deviation=deviation * year,
    )


def _sharpe_ratios(returns: Float32Array) -> FloatArray:
    return np.concatenate([sharpe_ratios(part) for _, part in row_parts(returns)])


def _overfitting(returns: Float32Array) -> Overfitting | MissingFigure:
    bars = returns.shape[1]
    if not _varies(returns):
        return MissingFigure(PBO, _NO_VARIATION)
    return overfitting(returns) or MissingFigure(PBO, f"it needs {fewest_bars()} bars; validation has {bars}")


def _better_trials(trials: TrialReturns) -> BetterTrials | MissingFigure:
    bars = trials.returns.shape[1]
    if bars < MINIMUM_BARS:
        return MissingFigure(MANY_TESTS, f"they need {MINIMUM_BARS} bars; validation has {bars}")
    found = reference_tests(trials.returns, np.zeros(bars), seed=_BOOTSTRAP_SEED)
    if found is None:
        return MissingFigure(MANY_TESTS, "no trial trades")
    return BetterTrials(
        p_value=found.p_value,
        p_value_lower=found.p_value_lower,
        p_value_upper=found.p_value_upper,
        better=tuple(trials.numbers[row] for row in found.better),
        error_rate=found.error_rate,
        replicates=found.replicates,
        grouped_bars=found.grouped_bars,
    )


def _varies(returns: Float32Array) -> bool:
    """Whether the returns of a trial vary."""
    return bool((returns != returns[:, :1]).any())


def _given(figure: _FigureT | MissingFigure | None) -> _FigureT | None:
    return None if isinstance(figure, MissingFigure) else figure


def _missing(*figures: object) -> tuple[MissingFigure, ...]:
    """The figures that cannot be given, with the reasons."""
    found = [each for each in figures if isinstance(each, MissingFigure)]
    if any(isinstance(each, WalkForwardEfficiency) and each.ratio is None for each in figures):
        found.append(MissingFigure(EFFICIENCY, "the mean Sharpe ratio of the folds on their train bars is not above 0"))
    return tuple(found)
