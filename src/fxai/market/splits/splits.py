"""Train, validation and test splits: spans of bars in the order of time."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np

from fxai.errors import DataError
from fxai.market.bars import TimeArray
from fxai.spec.fields.data_config import SplitConfig

Split: TypeAlias = Literal["train", "validation", "test", "all"]
"""Bars on which an agent may be scored; all: every bar of data without splits."""

FEWEST_STEPS = 8  # of a validation episode, minimum
FEWEST_BARS = 32  # of a split, minimum; a score on fewer bars is not meaningful


@dataclass(frozen=True, slots=True)
class Span:
    """Bars start..stop-1. Steps and observation windows in a span use only these bars."""

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
        """The spans by name, in the order of time; an empty test span is omitted."""
        spans = {"train": self.train, "validation": self.validation, "test": self.test}
        return spans if len(self.test) else {name: span for name, span in spans.items() if name != "test"}


def split(time: TimeArray, config: SplitConfig, warm_up: int) -> Splits:
    """Split bars into train, validation and test.

    Fractions are of all bars, so that trials with other features are scored on the same bars. With a date, the split
    has the bars that open before it; a date without an offset is UTC. The embargo is removed from the start of
    validation and test. The test span is empty if validation has all remaining bars.

    Args:
        time: Opens of the bars, [bar].
        config: Boundaries and embargo; without an embargo of its own, as many bars as the features need.
        warm_up: Number of first bars without all features; they are excluded from train.

    Raises:
        DataError: If a split has too few bars.
    """
    train_stop, validation_stop = boundaries(time, config)
    embargo = warm_up if config.embargo_bars is None else config.embargo_bars
    splits = Splits(
        train=Span(warm_up, train_stop),
        validation=Span(train_stop + embargo, validation_stop),
        test=Span(min(validation_stop + embargo, len(time)), len(time)),
    )
    for name, span in (("train", splits.train), ("validation", splits.validation), ("test", splits.test)):
        if len(span) < FEWEST_BARS and not (name == "test" and config.validation is None):
            raise DataError(_too_short(name, span, time, config, warm_up))
    if (parts := config.validation_episodes) and (len(splits.validation) - 1) // parts < FEWEST_STEPS:
        bars = len(splits.validation)
        raise DataError(
            f"{parts} episodes of a validation split of {bars} bars have fewer than {FEWEST_STEPS} steps each; "
            f"{parts * FEWEST_STEPS + 1} bars are needed"
        )
    return splits


def boundaries(time: TimeArray, config: SplitConfig) -> tuple[int, int]:
    """The numbers of bars [bar] before the end of train, and before the end of validation."""
    match config.train, config.validation:
        case train, None:
            return _end(time, train), len(time)
        case float(train), float(validation):
            return _end(time, train), _end(time, train + validation)
        case train, validation:
            return _end(time, train), _end(time, validation)


def _end(time: TimeArray, end: float | datetime) -> int:
    """Number of bars before a date, or of a fraction of all bars."""
    if isinstance(end, datetime):
        return int(np.searchsorted(time, _utc(end), side="left"))
    return int(len(time) * end)


def _utc(moment: datetime) -> np.datetime64:
    naive = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(naive, "ns")


def bars_in_all(config: SplitConfig, warm_up: int, test_bars: int = FEWEST_BARS) -> int | None:
    """About how many bars all splits need; None if dates divide the bars.

    Args:
        config: Boundaries and embargo, as of `split`.
        warm_up: As of `split`.
        test_bars: Number of bars that the test split needs.
    """
    embargo = warm_up if config.embargo_bars is None else config.embargo_bars
    needed = {"train": FEWEST_BARS + warm_up, "validation": FEWEST_BARS + embargo, "test": test_bars + embargo}
    if config.validation is None:
        del needed["test"]
    shares = {name: _share(name, config) for name in needed}
    totals = [math.ceil(needed[name] / share) + 1 for name, share in shares.items() if share is not None]
    return max(totals) if len(totals) == len(needed) else None


def _too_short(name: str, span: Span, time: TimeArray, config: SplitConfig, warm_up: int) -> str:
    """The message for a split with too few bars."""
    first, last = np.datetime_as_string(time[[0, -1]], unit="D")
    embargo = warm_up if config.embargo_bars is None else config.embargo_bars
    reason = f"features need the first {warm_up}" if name == "train" else f"embargo takes the first {embargo}"
    needed = bars_in_all(config, warm_up)
    in_all = "" if needed is None else f", so about {needed} bars in all"
    return (
        f"the {name} split has {len(span)} bars; at least {FEWEST_BARS} are needed{in_all}. There are {len(time)} bars "
        f"from {first} to {last}; of the bars for this split the {reason}. Use more bars, change "
        f"data.split.train ({config.train}) or data.split.validation ({config.validation}), lower "
        "data.split.embargo_bars, or shorten the windows of data.features"
    )


def _share(name: str, config: SplitConfig) -> float | None:
    """The fraction of all bars from which a split is cut; None if dates divide the bars."""
    match config.train, config.validation:
        case float(train), None:
            return train if name == "train" else 1 - train
        case float(train), float(validation):
            return {"train": train, "validation": validation, "test": 1 - train - validation}[name]
    return None
