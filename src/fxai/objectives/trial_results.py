"""Metrics and results that trials of several objectives have in common."""

from collections.abc import Callable, Mapping, Sequence

from fxai.errors import FxaiError
from fxai.evaluation.fold_rows import Arrange, one_fold
from fxai.evaluation.score_errors import error_metrics, score_errors
from fxai.market.scores.instrument_scores import LaneScore
from fxai.protocol import (
    MARKET_ERROR,
    SEED_ERROR,
    STANDARD_ERROR,
    Cause,
    TrialError,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.protocol.standard_error import mean


def joined_metrics(
    metrics: Sequence[Mapping[str, float]],
    spans: Sequence[LaneScore],
    request: TrialRequest,
    arrange: Arrange = one_fold,
) -> dict[str, float]:
    """Mean of each metric over the lanes, and the standard errors.

    Each score has its standard error under its name with `_error`. The trial's value has its whole error and the parts
    of it.

    Args:
        metrics: All metrics of each lane, with the metric `score` if the request has a formula.
        spans: The score of each lane.
        request: The trial.
        arrange: The folds of the lanes.
    """
    means = {name: mean([lane[name] for lane in metrics]) for name in metrics[0]}
    errors = score_errors(spans, metrics, request.score, arrange=arrange)
    of_value = errors[request.metric]
    parts = {STANDARD_ERROR: of_value.total, SEED_ERROR: of_value.seed, MARKET_ERROR: of_value.market}
    known = {name: error for name, error in parts.items() if error is not None}
    return {**means, **error_metrics(errors), **known}


def unwritten(write: Callable[[], None]) -> str:
    """Write a file; returns the error message, or an empty text. A full disk must not end the trial."""
    try:
        write()
    except FxaiError as error:
        return str(error)
    return ""


def failure(request: TrialRequest, error: Exception, cause: Cause = Cause.EXCEPTION) -> TrialResult:
    """The result of a trial that failed with this error."""
    return TrialResult(request.number, TrialState.FAIL, seconds=0.0, error=TrialError(cause, str(error)))
