"""What the agents of a trial earned on each of several instruments in the search, from the trial's returns."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import JsonValue

from fxai.errors import InputError
from fxai.evaluation.lane_scores import can_be_computed, lane_scores
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.market.scores.instrument_scores import InstrumentScores
from fxai.protocol.standard_error import mean

_SHOWN = ("total_return", "sharpe", "max_drawdown")


@dataclass(frozen=True, slots=True)
class InstrumentValues:
    """A trial on one instrument: means over its agents on the validation split."""

    name: str
    bars: int
    metrics: Mapping[str, float]  # the study's metric first, if it can be computed from returns

    def as_json(self) -> dict[str, JsonValue]:
        return asdict(self)


def instrument_values(returns: Path, metric: str) -> tuple[InstrumentValues, ...]:
    """The values of a trial on each instrument.

    Args:
        returns: The file with the trial's returns at its last report.
        metric: The metric of the study.

    Returns:
        The values in the order of the names; nothing if the file is missing or has no named instruments.
    """
    try:
        found = read_bar_returns(returns)
    except InputError:
        return ()
    if found.instruments is None:
        return ()
    scores = [score for score in lane_scores(found, 1.0) if isinstance(score, InstrumentScores)]
    names = dict.fromkeys((*((metric,) if can_be_computed(metric, [found]) else ()), *_SHOWN))
    return tuple(
        InstrumentValues(
            name,
            found.instruments.counts[place],
            {each: mean([score.scores[place].metrics[each] for score in scores]) for each in names},
        )
        for place, name in enumerate(found.instruments.names)
    )
