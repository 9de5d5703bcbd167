"""Whether a study has converged.

A study has converged if a quarter of its finished trials, at least ten of them, finished after the best trial and none
of them is better. The count begins at the trial that is shown as the best one. A converged study can still find a
better trial.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from fxai.formatting import counted
from fxai.results.record import TrialRecord
from fxai.search.stored_trial import StoredState
from fxai.spec.search.metric_goals import Goal

FEWEST_FINISHED = 20
_LATE_SHARE = 1 / 4
_FEWEST_LATE = 10


@dataclass(frozen=True, slots=True)
class Convergence:
    """Whether a search has converged, and the figures that decide it. None means not known."""

    converged: bool | None
    reason: str  # a sentence for people
    finished: int  # trials that completed or were pruned
    since_trial: int | None = None  # the best trial
    since_finished: int | None = None  # finished trials after it
    needed: int | None = None  # as many finished trials after it are required

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
        after = len(finished) - 1 - best
        needed = max(_FEWEST_LATE, math.ceil(_LATE_SHARE * len(finished)))
        return cls(
            converged=after >= needed,
            reason=_reason(finished[best].number, after, needed),
            finished=len(finished),
            since_trial=finished[best].number,
            since_finished=after,
            needed=needed,
        )

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "converged": self.converged,
            "reason": self.reason,
            "finished": self.finished,
            "since_trial": self.since_trial,
            "since_finished": self.since_finished,
            "needed": self.needed,
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


def _reason(best: int, after: int, needed: int) -> str:
    if not after:
        return f"no trial has finished after trial {best}, the best; {needed} such trials are required"
    have = "has" if after == 1 else "have"
    since = f"{counted(after, 'trial')} {have} finished since"
    return f"no trial after trial {best} is better; {since}, and {needed} are required"
