"""The searched ranges of a study as axes of charts: positions, labels, ticks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from fxai.formatting import figure
from fxai.protocol import ParamValue
from fxai.spec.search.parameters import is_number


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of one parameter."""

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    choices: Sequence[str] = ()  # as text; empty for numbers

    @classmethod
    def of(cls, name: str, distribution: BaseDistribution) -> "Scale":
        match distribution:
            case CategoricalDistribution(choices=choices):
                return cls(name, 0.0, len(choices) - 1.0, choices=tuple(map(figure, choices)))
            case FloatDistribution() | IntDistribution():
                whole = isinstance(distribution, IntDistribution)
                return cls(name, distribution.low, distribution.high, distribution.log, whole)
        raise TypeError(f"a parameter has no distribution {type(distribution).__name__}")

    def coordinate(self, value: ParamValue) -> float:
        """The coordinate of a value on the axis: the number itself, or the index of a choice."""
        if self.choices:
            return float(self.choices.index(figure(value)))
        if not is_number(value):
            raise TypeError(f"{self.name} is a number, not {value!r}")
        return float(value)

    def position(self, value: ParamValue) -> float:
        """The position of a value: 0 at the low end of the range, 1 at the high end, on its scale."""
        low, high, at = self.low, self.high, self.coordinate(value)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low) if high > low else 0.5

    @property
    def extent(self) -> str:
        """The range as text: `1e-05 to 0.001, log`, `mlp, gru`."""
        if self.choices:
            return ", ".join(self.choices)
        ends = (int(self.low), int(self.high)) if self.whole else (self.low, self.high)
        return f"{figure(ends[0])} to {figure(ends[1])}{', log' if self.log else ''}"

    @property
    def ends(self) -> tuple[str, str]:
        """The labels at positions 0 and 1."""
        if self.choices:
            return self.choices[0], self.choices[-1]
        return (str(int(self.low)), str(int(self.high))) if self.whole else (figure(self.low), figure(self.high))

    def axis(self) -> dict[str, object]:
        """Settings of a plotly axis for the range."""
        if self.choices:
            places = list(range(len(self.choices)))
            return {"tickvals": places, "ticktext": list(self.choices), "range": [-0.5, len(places) - 0.5]}
        if not self.log:
            margin = max(0.03 * (self.high - self.low), 0.5 if self.whole else 0.0) or 0.5
            return {"range": [self.low - margin, self.high + margin], "nticks": 6}
        low, high = math.log10(self.low), math.log10(self.high)
        margin = 0.03 * (high - low) or 0.1
        return {"type": "log", "range": [low - margin, high + margin], **_log_ticks(low, high)}


def _log_ticks(low: float, high: float) -> dict[str, list[float] | list[str]]:
    """Tick labels of a logarithmic axis. Plotly's own labels between decades are single digits."""
    span = high - low
    digits = (1,) if span >= 2 else (1, 3) if span >= 1 else (1, 2, 3, 5, 7)  # noqa: PLR2004 (decades)
    decades = range(math.floor(low), math.ceil(high) + 1)
    ticks = [digit * 10.0**decade for decade in decades for digit in digits]
    shown = [tick for tick in ticks if low - 0.03 * span <= math.log10(tick) <= high + 0.03 * span]
    return {"tickvals": shown, "ticktext": [f"{tick:g}" for tick in shown]}


def scales_of(study: Study) -> Mapping[str, Scale]:
    """The scales of all parameters of a study, in the order of appearance; the widest if a range changed."""
    found: dict[str, Scale] = {}
    last: dict[str, BaseDistribution] = {}
    for trial in study.get_trials(deepcopy=False):
        for name, distribution in trial.distributions.items():
            if last.get(name) == distribution:
                continue
            last[name] = distribution
            scale = Scale.of(name, distribution)
            found[name] = scale if name not in found else _widest(found[name], scale)
    return found


def _widest(one: Scale, other: Scale) -> Scale:
    if one == other or one.choices:
        return one  # the choices of a study never change
    return Scale(one.name, min(one.low, other.low), max(one.high, other.high), one.log and other.log, one.whole)
