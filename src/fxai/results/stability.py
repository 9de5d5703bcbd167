"""Agreement of a study's leading trials on each parameter, and ranges that may end too early.

The leading trials are the best tenth of the completed trials, at least five and at most fifty. Samplers such as TPE
propose values near good trials. Agreement of the leading trials therefore shows where the search has converged, not
that other values are bad.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.trial import TrialState
from pydantic import JsonValue

from fxai.protocol import ParamValue
from fxai.results.range_position import ends, position
from fxai.results.record import TrialRecord
from fxai.results.strict_json import json_value

FEWEST_COMPLETED = 10
_FEWEST, _MOST = 5, 50
_SHARE = 1 / 10
_MIDDLE = (0.1, 0.9)
_STABLE = 1 / 4  # of the range; five uniform draws lie as near to each other in one case of sixty
_EDGE, _NEAR_EDGE = 1 / 20, 1 / 5  # of the range
_MAJORITY = 1 / 2


@dataclass(frozen=True, slots=True)
class ParameterStability:
    """Values of one parameter in the leading trials.

    Numbers: the middle 80 % of the values lie from `low` to `high`, and `spread` is that distance as a share of the
    range, on its scale. Choices without an order: `choice` is the most frequent choice, and `spread` the share of
    leading trials with another choice.
    """

    name: str
    best: ParamValue  # value of the best leading trial that has the parameter
    spread: float
    low: ParamValue = None
    high: ParamValue = None
    choice: ParamValue = None

    @property
    def stable(self) -> bool:
        """Whether the leading trials agree: within a quarter of the range, or three of four on one choice."""
        return self.spread <= _STABLE

    def as_json(self) -> dict[str, JsonValue]:
        found = {"best": self.best, "spread": self.spread, "stable": self.stable}
        return {**found, "low": json_value(self.low), "high": json_value(self.high), "choice": json_value(self.choice)}


@dataclass(frozen=True, slots=True)
class Edge:
    """A range that may end too early.

    The best value lies within a twentieth of the range from its end, and half of the leading trials within a fifth.
    """

    name: str
    side: Literal["low", "high"]
    bound: ParamValue
    best: ParamValue
    leaders_near: float  # share of the leading trials within a fifth of the range from the end

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "side": self.side,
            "bound": self.bound,
            "best": self.best,
            "leaders_near": self.leaders_near,
        }


def leaders_of(ranked: Sequence[TrialRecord]) -> Sequence[TrialRecord]:
    """The leading trials.

    Args:
        ranked: Completed trials, the best first.

    Returns:
        The leading trials; empty if too few trials have completed, or all have the same value.
    """
    if len(ranked) < FEWEST_COMPLETED or ranked[0].value == ranked[-1].value:
        return ()
    return ranked[: min(_MOST, max(_FEWEST, round(_SHARE * len(ranked))))]


def ranges_of(study: Study) -> dict[str, BaseDistribution]:
    """Each parameter's range in the completed trials, the latest if it changed. Ranges of one value are left out."""
    found: dict[str, BaseDistribution] = {}
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        found.update(trial.distributions)
    return {name: distribution for name, distribution in found.items() if not distribution.single()}


def stability_of(
    leaders: Sequence[TrialRecord], ranges: Mapping[str, BaseDistribution]
) -> tuple[ParameterStability, ...]:
    """The stability of each parameter that at least five leading trials have."""
    having = {name: [trial.params[name] for trial in leaders if name in trial.params] for name in ranges}
    return tuple(_stability(name, values, ranges[name]) for name, values in having.items() if len(values) >= _FEWEST)


def edges_of(leaders: Sequence[TrialRecord], ranges: Mapping[str, BaseDistribution]) -> tuple[Edge, ...]:
    """The ranges that may end too early."""
    found = []
    for name, distribution in ranges.items():
        values = [trial.params[name] for trial in leaders if name in trial.params]
        places = [place for value in values if (place := position(distribution, value)) is not None]
        bounds = ends(distribution)
        if len(places) < _FEWEST or bounds is None or name not in leaders[0].params:
            continue
        for side, bound in zip(("low", "high"), bounds, strict=True):
            away = [place if side == "low" else 1 - place for place in places]
            near = sum(distance <= _NEAR_EDGE for distance in away) / len(away)
            if away[0] <= _EDGE and near >= _MAJORITY:
                found.append(Edge(name, "low" if side == "low" else "high", bound, values[0], near))
    return tuple(found)


def _stability(name: str, values: Sequence[ParamValue], distribution: BaseDistribution) -> ParameterStability:
    places = [position(distribution, value) for value in values]
    known = [(place, value) for place, value in zip(places, values, strict=True) if place is not None]
    if len(known) < len(values):
        (choice, count), *_ = Counter(values).most_common(1)
        return ParameterStability(name, values[0], 1 - count / len(values), choice=choice)
    rising = sorted(known, key=lambda pair: pair[0])
    first, last = (round(float(np.quantile(range(len(rising)), share))) for share in _MIDDLE)
    low, high = rising[first], rising[last]
    return ParameterStability(name, values[0], high[0] - low[0], low=low[1], high=high[1])
