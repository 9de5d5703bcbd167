"""Whether a study still finds better trials, or has settled.

A study has settled when its best value has been nearly what it is now for a quarter of its finished trials, ten at
the least. Nearly means within the tolerance: a twentieth of the distance from the median trial to the best, or the
best value's standard error where that is more, for an improvement within it may be luck. Whoever settles may still
find something better; that it has not for long is all that is said.
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
    """Whether the search has settled, and how that was found; None where it cannot be said."""

    converged: bool | None
    reason: str  # a sentence for people
    finished: int  # trials that completed or were pruned
    since_trial: int | None = None  # the first whose best value so far was within the tolerance
    since_finished: int | None = None  # finished trials after it
    needed: int | None = None  # so many of them mean that it has settled
    tolerance: float | None = None

    @classmethod
    def of(cls, trials: Sequence[TrialRecord], goal: Goal) -> "Convergence":
        """Of a study's own trials, in the order of their numbers, by one metric."""
        own = [trial for trial in trials if not trial.uncounted]
        finished = [trial for trial in own if trial.state in (StoredState.COMPLETE, StoredState.PRUNED)]
        losses = [math.inf if trial.value is None else goal.loss(trial.value) for trial in finished]
        obstacle = _obstacle(own, finished, losses)
        if obstacle:
            return cls(None, obstacle, len(finished))
        best = min(range(len(losses)), key=losses.__getitem__)
        known = [loss for loss in losses if math.isfinite(loss)]
        error = finished[best].standard_error or 0.0
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
    """Why nothing can be said."""
    if any(trial.lineage for trial in own):
        return "members of a population train side by side, so there is no order in which they could settle"
    if len(finished) < FEWEST_FINISHED:
        return f"this takes {FEWEST_FINISHED} finished trials; there are {len(finished)}"
    if len({loss for loss in losses if math.isfinite(loss)}) < 2:  # noqa: PLR2004
        return "the completed trials do not differ"
    return None


def _reason(since: int, after: int, needed: int, *, by_error: bool) -> str:
    within = "its standard error" if by_error else "5 % of its distance from the median trial"
    gained = f"since trial {since} the best value has gained no more than {within}"
    if after >= needed:
        return f"{gained}; {counted(after, 'trial')} have followed, and {needed} are enough"
    followed = "no trial has" if not after else f"only {after} trial{'s have' if after > 1 else ' has'}"
    return f"{gained}, but {followed} followed, and it takes {needed}"
