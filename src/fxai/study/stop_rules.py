"""Stop rules of a study: they decide from its trials whether further trials start.

The rules use only the finished trials, in the order in which they finished, and the environment steps of the running
trials. So a study that a rule has ended starts no trial when it is run again, until the rule is relaxed.
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
    """A rule that is met, and the reason as text."""

    rule: Rule
    reason: str


class StopRules:
    """The rules of one study. `add` is called for each trial that finishes."""

    def __init__(self, stop: Stop, metric: str, direction: str, *, trading: bool) -> None:
        self._stop = stop
        self._metric = metric
        self._trading = trading  # whether FxAI measures the metric
        self._sign = 1 if direction == "maximize" else -1  # a better value times the sign is larger
        self._best: float | None = None
        self._last_improvement: float | None = None  # the best value at the last improvement
        self._since = 0  # trials that finished after the last improvement
        self._env_steps = 0

    def add(self, value: float | None, env_steps: int) -> None:
        """Note that a trial has finished. `value` is None unless it is COMPLETE."""
        self._env_steps += env_steps
        if value is not None and self._improves(value * self._sign):
            self._since = 0
        elif self._last_improvement is not None:
            self._since += 1

    def held(self, running_steps: int = 0) -> TriggeredRule | None:
        """The rule that is met now. `running_steps` is the number of environment steps of the unfinished trials."""
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
                Rule.ENV_STEPS, f"its trials reached {stop.env_steps:,} environment steps (stop.env_steps)"
            )
        return None

    def _improves(self, value: float) -> bool:
        """Whether the value is an improvement: more than `min_delta` above the best value at the last improvement."""
        self._best = value if self._best is None else max(self._best, value)
        improved = self._last_improvement is None or value - self._last_improvement > self._stop.min_delta
        if improved:
            self._last_improvement = value
        return improved
