"""Train, validation and test: spans of bars in the order of time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import TimeArray
from fxai.spec.fields.data_config import SplitConfig

Split: TypeAlias = Literal["train", "validation", "test", "all"]
"""What an agent may be scored on; all: every bar, of data that were never split."""

FEWEST_STEPS = 8  # of a validation episode
FEWEST_BARS = 32  # of a split: below that a score says nothing


@dataclass(frozen=True, slots=True)
class Span:
    """Bars start..stop-1. All that happens in a span, the windows it is seen through included, stays within it."""

    start: int
    stop: int

    def __len__(self) -> int:
        return max(0, self.stop - self.start)


@dataclass(frozen=True, slots=True)
class Splits:
    train: Span
    validation: Span
    test: Span

    def named(self) -> dict[str, Span]:
        """The spans in the order of time; without test where nothing was left for it."""
        spans = {"train": self.train, "validation": self.validation, "test": self.test}
        return spans if len(self.test) else {name: span for name, span in spans.items() if name != "test"}


def split(time: TimeArray, config: SplitConfig, warm_up: int) -> Splits:
    """Split bars that open at `time` [bar]; the features' first `warm_up` bars are left out of train.

    Fractions are of all bars, so that trials that see other features are scored on the same ones. A date
    ends its split: bars that open before it belong to the split; without an offset it is UTC. The embargo is
    taken from the beginning of validation and test. The test span is empty where validation takes all that remains.
    """
    train_stop, validation_stop = _boundaries(time, config)
    splits = Splits(
        train=Span(warm_up, train_stop),
        validation=Span(train_stop + config.embargo_bars, validation_stop),
        test=Span(min(validation_stop + config.embargo_bars, len(time)), len(time)),
    )
    for name, span in (("train", splits.train), ("validation", splits.validation), ("test", splits.test)):
        if len(span) < FEWEST_BARS and not (name == "test" and config.validation is None):
            raise DataError(_too_short(name, span, time, config, warm_up))
    if (parts := config.validation_episodes) and (len(splits.validation) - 1) // parts < FEWEST_STEPS:
        bars = len(splits.validation)
        raise DataError(f"{parts} episodes of a validation split of {bars} bars have under {FEWEST_STEPS} steps each")
    return splits


def _boundaries(time: TimeArray, config: SplitConfig) -> tuple[int, int]:
    match config.train, config.validation:
        case train, None:
            return _end(time, train), len(time)
        case float(train), float(validation):
            return _end(time, train), _end(time, train + validation)
        case train, validation:
            return _end(time, train), _end(time, validation)


def _end(time: TimeArray, end: float | datetime) -> int:
    """How many bars lie before a date, or are that fraction of all."""
    if isinstance(end, datetime):
        return int(np.searchsorted(time, _utc(end), side="left"))
    return int(len(time) * end)


def _utc(moment: datetime) -> np.datetime64:
    naive = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(naive, "ns")


def _too_short(name: str, span: Span, time: TimeArray, config: SplitConfig, warm_up: int) -> str:
    first, last = np.datetime_as_string(time[[0, -1]], unit="D")
    return (
        f"the {name} split has {len(span)} bars, fewer than {FEWEST_BARS}: there are {len(time)} bars from {first} to "
        f"{last}, the features take the first {warm_up}, the embargo two times {config.embargo_bars}. Bring more "
        f"bars, move data.split.train ({config.train}) or data.split.validation ({config.validation}), lower "
        "data.split.embargo_bars or shorten the windows of data.features"
    )
