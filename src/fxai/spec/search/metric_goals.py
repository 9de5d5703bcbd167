"""The objectives of a study: one or several metrics with their directions."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import Field

from fxai.spec.fields.record import Record
from fxai.spec.search.metrics import reported_metric


class Goal(Record):
    """One objective: a metric and its direction."""

    metric: str = Field(min_length=1, description="a metric that trials report")
    direction: Literal["maximize", "minimize"] = Field(
        default="maximize", description="whether the metric is maximized or minimized"
    )

    def loss(self, value: float) -> float:
        """Returns the value as a loss: negated if the metric is maximized, so that less is better."""
        return -value if self.direction == "maximize" else value


def with_first_goal(written: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a study mapping. With several objectives the one that prunes is also `metric_name` and `direction`."""
    goals = written.get("objectives")
    sound = [each for each in goals if isinstance(each, dict | Goal)] if isinstance(goals, list | tuple) else []
    named = [each if isinstance(each, dict) else each.model_dump() for each in sound]
    metric = written.get("metric_name") or next((each.get("metric") for each in named), None)
    first = next((each for each in named if each.get("metric") == metric), None)
    if first is None:
        return dict(written)
    return {**written, "metric_name": metric, "direction": first.get("direction", "maximize")}


def check_goals(goals: tuple[Goal, ...], reported: Collection[str] | None) -> tuple[Goal, ...]:
    """Returns the objectives with the canonical names of their metrics.

    Raises:
        ValueError: There is one objective only, a metric is given twice, or a metric is not in `reported` (if known).
    """
    goals = tuple(Goal(metric=_canonical(goal.metric, reported), direction=goal.direction) for goal in goals)
    names = [goal.metric for goal in goals]
    if len(names) == 1:
        raise ValueError("must have at least 2; write a single objective as metric_name and direction")
    if double := next((name for place, name in enumerate(names) if name in names[:place]), None):
        raise ValueError(f"{double!r} is given twice; keep one")
    return goals


def check_metric(name: str, goals: tuple[Goal, ...] | None, reported: Collection[str] | None) -> str:
    """Returns the canonical name of a metric.

    Args:
        name: The metric to check.
        goals: The objectives of the study; None if they are invalid themselves.
        reported: The metrics that trials report; None if unknown.

    Raises:
        ValueError: The metric is not one of several objectives, or not in `reported`.
    """
    if goals is None:
        return name
    name, names = _canonical(name, reported), [goal.metric for goal in goals]
    if names and name not in names:
        raise ValueError(f"is the metric that prunes; it must be one of the objectives: {', '.join(names)}")
    return name


def _canonical(name: str, reported: Collection[str] | None) -> str:
    return name if reported is None else reported_metric(name, reported)
