"""Whether a study shall start no further trial, by what its trials came to.

The rules look at nothing but the trials that have finished, in the order in which they did, and at what those
that run have taken so far. So a study that a rule has ended ends by it again when it is started again, until
the rule is given more room.
"""

from dataclasses import dataclass
from enum import StrEnum

from fxai.metric_text import difference_text, number_text
from fxai.spec.search.stop import Stop


class Rule(StrEnum):
    """The rules by their keys in `stop`."""

    VALUE = "value"
    PATIENCE = "patience"
    ENV_STEPS = "env_steps"


@dataclass(frozen=True, slots=True)
class TriggeredRule:
    """A rule that holds, and why in words."""

    rule: Rule
    reason: str


class StopRules:
    """The rules of one study, told of each trial that finishes."""

    def __init__(self, stop: Stop, metric: str, direction: str, *, trading: bool) -> None:
        self._stop = stop
        self._metric = metric
        self._trading = trading  # whether FxAI measures the metric
        self._sign = 1 if direction == "maximize" else -1  # makes values larger the better they are
        self._best: float | None = None
        self._last_improvement: float | None = None  # the best value as of then
        self._since = 0  # finished trials behind it
        self._env_steps = 0

    def add(self, value: float | None, env_steps: int) -> None:
        """A trial has finished, with a value where it is COMPLETE."""
        self._env_steps += env_steps
        if value is not None and self._improves(value * self._sign):
            self._since = 0
        elif self._last_improvement is not None:
            self._since += 1

    def held(self, running_steps: int = 0) -> TriggeredRule | None:
        """The rule that holds now; `running_steps` are those that unfinished trials have taken."""
        stop = self._stop
        if stop.value is not None and self._best is not None and self._best >= stop.value * self._sign:
            value = number_text(self._metric, stop.value, trading=self._trading)
            return TriggeredRule(Rule.VALUE, f"the best value reached {value} (stop.value)")
        if stop.patience is not None and self._since >= stop.patience:
            trials = "trial" if stop.patience == 1 else f"{stop.patience} trials"
            delta = difference_text(self._metric, stop.min_delta, trading=self._trading)
            more = f" by more than {delta}" if stop.min_delta else ""
            return TriggeredRule(Rule.PATIENCE, f"no improvement{more} in the last {trials} (stop.patience)")
        if stop.env_steps is not None and self._env_steps + running_steps >= stop.env_steps:
            return TriggeredRule(
                Rule.ENV_STEPS, f"its trials took their {stop.env_steps:,} environment steps (stop.env_steps)"
            )
        return None

    def _improves(self, value: float) -> bool:
        """Small gains add up: each is measured from the best value as of the last improvement."""
        self._best = value if self._best is None else max(self._best, value)
        improved = self._last_improvement is None or value - self._last_improvement > self._stop.min_delta
        if improved:
            self._last_improvement = value
        return improved
