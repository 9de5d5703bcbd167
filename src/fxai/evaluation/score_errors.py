"""Whole errors of the scores of a trial, from the steps of its seeds on each bar."""

from collections.abc import Mapping, Sequence

import numpy as np

from fxai.evaluation.fold_rows import Arrange, one_fold
from fxai.evaluation.whole_error import WholeError, estimate_over_folds
from fxai.market.bars import FloatArray
from fxai.market.scores.instrument_scores import LaneScore
from fxai.market.scores.scored_steps import SCORES
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.metrics import SYNONYMS
from fxai.spec.search.score import SCORE, parse_score, with_score

_RELATIVE_STEP = 1e-4  # of a numerical derivative, relative to the score


def score_errors(
    spans: Sequence[LaneScore],
    metrics: Sequence[Mapping[str, float]],
    formula: str = "",
    *,
    arrange: Arrange = one_fold,
) -> Mapping[str, WholeError]:
    """The error of the mean over lanes of each of `SCORES`, and of the metric `score` of a formula.

    Args:
        spans: The score of each lane; all metrics are finite.
        metrics: All metrics of each lane, with the metric `score` if there is a formula.
        formula: Of the metric `score`; empty if there is none.
        arrange: The folds of the lanes. By default the lanes are seeds on the same bars.
    """
    influences = [span.influences() for span in spans]
    errors = {name: _error([each[name] for each in influences], arrange) for name in SCORES}
    if not formula:
        return errors
    combined = [_formula_influence(formula, *of_seed) for of_seed in zip(metrics, influences, strict=True)]
    return {**errors, SCORE: _error(combined, arrange)}


def _error(lanes: Sequence[FloatArray], arrange: Arrange) -> WholeError:
    return estimate_over_folds(arrange(lanes)).error


def error_metrics(errors: Mapping[str, WholeError]) -> dict[str, float]:
    """Each known total error under the name of its score with `_error`."""
    return {f"{name}_error": error.total for name, error in errors.items() if error.total is not None}


def _formula_influence(formula: str, metrics: Mapping[str, float], influences: Mapping[str, FloatArray]) -> FloatArray:
    """The influence of each bar on the formula, by the chain rule; metrics that are not of bars have none."""
    names = {SYNONYMS.get(name, name) for name in parse_score(formula).names} & set(SCORES)
    bars = len(next(iter(influences.values())))
    moved = [_slope(formula, metrics, name) * (influences[name] - metrics[name]) for name in sorted(names)]
    influence: FloatArray = np.full(bars, metrics[SCORE]) + sum(moved, np.zeros(bars))
    return influence


def _slope(formula: str, metrics: Mapping[str, float], name: str) -> float:
    """Derivative of the formula by one metric, from both sides; 0 where the formula has no value beside it."""
    step = _RELATIVE_STEP * (abs(metrics[name]) or 1.0)
    try:
        above, below = (with_score({**metrics, name: metrics[name] + move}, formula)[SCORE] for move in (step, -step))
    except ExpressionError:
        return 0.0
    return (above - below) / (2 * step)
