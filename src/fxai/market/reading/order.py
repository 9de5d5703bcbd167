"""Sorts rows by time and drops rows whose time occurs again."""

import numpy as np
import pandas as pd

from fxai.market.bars import Faults, TimeArray


def in_order(time: TimeArray, prices: dict[str, pd.Series]) -> tuple[np.ndarray, Faults]:
    """Row positions in the order of time, the last row of each time, and a summary of the corrections."""
    newest_first = bool(time[0] > time[-1])
    steps = np.diff(time).astype(np.int64) * (-1 if newest_first else 1)
    order = np.argsort(time, kind="stable")
    last_of_time = np.append(np.diff(time[order]).astype(np.int64) != 0, True)
    keep = order[last_of_time]
    low, high = prices["low"], prices["high"]
    outside = [~prices[column].between(low, high) for column in ("open", "close")]
    return keep, Faults(
        rows_read=len(time),
        duplicates_dropped=len(time) - len(keep),
        rows_reordered=int((steps < 0).sum()),
        newest_first=newest_first,
        outside_range=int((outside[0] | outside[1]).to_numpy()[keep].sum()),
    )
