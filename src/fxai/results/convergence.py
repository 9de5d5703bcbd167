"""Whether a study has converged.

A study has converged if its best value improved by no more than a tolerance over the last quarter of its finished
trials, at least ten of them. The tolerance is the larger of two values: a twentieth of the distance from the median
trial to the best trial, and the standard error of the seeds of the best value, since a smaller improvement may be
chance. The error of the stretch of market is left out, because all trials are scored on the same bars. A converged
study can still find a better trial.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pydantic import JsonValue

from fxai.formatting import counted
from fxai.results.record import TrialRecord
from fxai.search.stored_trial import StoredState
from fxai.spec.search.metric_goals import Goal

FEWEST_FINISHED = 20
_LATE_SHARE = 1 / 4
_FEWEST_LATE = 10
_TOLERANCE = 1 / 20


@dataclass(frozen=True, slots=True)
class Convergence:
    """Whether a search has converged, and the figures that decide it. None means not known."""

    converged: bool | None
    reason: str  # a sentence for people
    finished: int  # trials that completed or were pruned
    since_trial: int | None = None  # the first trial after which the best value is within the tolerance of today's
    since_finished: int | None = None  # finished trials after it
    needed: int | None = None  # as many finished trials after it are required
    tolerance: float | None = None

    @classmethod
    def of(cls, trials: Sequence[TrialRecord], goal: Goal) -> "Convergence":
        """Decide from a study's trials, in the order of their numbers, by one metric."""
        own = [trial for trial in trials if not trial.uncounted]
        finished = [trial for trial in own if trial.state in (StoredState.COMPLETE, StoredState.PRUNED)]
        losses = [math.inf if trial.value is None else goal.loss(trial.value) for trial in finished]
        obstacle = _obstacle(own, finished, losses)
        if obstacle:
            return cls(None, obstacle, len(finished))
        best = min(range(len(losses)), key=losses.__getitem__)
        known = [loss for loss in losses if math.isfinite(loss)]
        error = finished[best].errors.seeds or 0.0
        tolerance = max(_TOLERANCE * (median(known) - losses[best]), error)
        since = next(place for place, loss in enumerate(losses) if loss <= losses[best] + tolerance)
        after = len(finished) - 1 - since
        needed = max(_FEWEST_LATE, math.ceil(_LATE_SHARE * len(finished)))
        return cls(
            converged=after >= needed,
            reason=_reason(finished[since].number, after, needed, by_error=tolerance == error),
            finished=len(finished),
            since_trial=finished[since].number,
            since_finished=after,
            needed=needed,
            tolerance=tolerance,
        )

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "converged": self.converged,
            "reason": self.reason,
            "finished": self.finished,
            "since_trial": self.since_trial,
            "since_finished": self.since_finished,
            "needed": self.needed,
            "tolerance": self.tolerance,
        }


def _obstacle(own: Sequence[TrialRecord], finished: Sequence[TrialRecord], losses: Sequence[float]) -> str | None:
    """Why convergence is not known."""
    if any(trial.exploits for trial in own):
        return "the members of a population train at the same time, so their trials have no order"
    if len(finished) < FEWEST_FINISHED:
        return f"{FEWEST_FINISHED} finished trials are required ({len(finished)} so far)"
    if len({loss for loss in losses if math.isfinite(loss)}) < 2:  # noqa: PLR2004
        return "all completed trials have the same value"
    return None


def _reason(since: int, after: int, needed: int, *, by_error: bool) -> str:
    within = "the standard error of its seeds" if by_error else "5 % of its distance from the median trial"
    return (
        f"in the {counted(after, 'trial')} after trial {since} the best value has improved by no more than {within}; "
        f"{needed} such trials are required"
    )
