"""The equal-weight portfolio of the track records of one agent on several instruments."""

from collections.abc import Mapping, Sequence

import numpy as np

from fxai.market.bars import TimeArray
from fxai.market.scores.baselines import figures, returns_of_equity
from fxai.market.scores.track_record import TrackRecord
from fxai.market.timestamps.calendar import bars_per_year


def equal_weights(records: Sequence[TrackRecord]) -> Mapping[str, float]:
    """The metrics that need no trades of a portfolio with the mean return of all records at each time.

    A record without a bar at a time adds 0. The number of bars per year is that of the times of all records.

    Args:
        records: Track records, each of another instrument, with three or more times in all.
    """
    times = [_times(record) for record in records]
    union = np.unique(np.concatenate(times))
    returns = np.zeros(len(union))
    for record, time in zip(records, times, strict=True):
        returns[np.searchsorted(union, time)] += returns_of_equity(record.equity) / len(records)
    return figures(np.cumprod(1.0 + returns, dtype=np.float64), bars_per_year(union))


def _times(record: TrackRecord) -> TimeArray:
    return np.array([time.removesuffix("Z") for time in record.times], "datetime64[ns]")
