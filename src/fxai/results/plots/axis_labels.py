"""Labels of parameter axes: dotted names, ticks of logarithmic scales."""

import math
import textwrap
from collections.abc import Sequence

from optuna.trial import FrozenTrial

_MANY_DECADES = 2


def log_ticks(trials: Sequence[FrozenTrial], name: str) -> dict[str, list[float] | list[str] | int]:
    """Tick labels of a parameter on a logarithmic scale. Plotly's own labels between decades are single digits."""
    distribution = next(trial.distributions[name] for trial in trials if name in trial.distributions)
    if not getattr(distribution, "log", False):
        return {}
    values = [trial.params[name] for trial in trials if name in trial.params]
    low, high = math.log10(min(values)), math.log10(max(values))
    digits = (1,) if high - low >= _MANY_DECADES else (1, 3) if high - low >= 1 else range(1, 10)
    ticks = [digit * 10.0**decade for decade in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
    return {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks], "tickangle": 0}


def folded(name: str, width: int) -> str:
    """A dotted name, broken into lines if it is longer than `width` characters: its sections, then its last part."""
    if len(name) <= width:
        return name
    sections, dot, last = name.rpartition(".")
    lines = textwrap.wrap(last.replace("_", "_ "), width, break_long_words=False)
    return "<br>".join([sections + dot, *(line.replace(" ", "") for line in lines)])
