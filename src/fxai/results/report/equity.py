"""Figure of an agent's trading: equity with baselines, drawdown, position.

The position of a portfolio of several instruments is the sum of its long and short ones, beside the sum of their sizes.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from fxai.market.scores.track_record import TrackRecord
from fxai.results.page.palette import BEST, COMPLETE, FAILED, OTHER, PRUNED, RUNNING

_MOST_BARS = 2000
_BASELINES = (OTHER, PRUNED, RUNNING, COMPLETE)


def equity(record: TrackRecord) -> go.Figure:
    """The figure of a track record. A long record is drawn in groups of bars: last equity, deepest drawdown."""
    drawn = make_subplots(3, 1, shared_xaxes=True, row_heights=[0.6, 0.2, 0.2], vertical_spacing=0.04)
    ends = _ends(len(record))
    times = [record.times[end] for end in ends]
    for place, (name, curve) in enumerate(record.baselines.items()):
        drawn.add_trace(
            _line(times, curve[ends], name.replace("_", " "), _BASELINES[place % len(_BASELINES)], 1.4), row=1, col=1
        )
    drawn.add_trace(_line(times, record.equity[ends], "agent", BEST, 2.4), row=1, col=1)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(int)
    deepest = -np.maximum.reduceat(record.drawdown, starts)
    fall = _line(times, deepest, "drawdown", FAILED, 1).update(fill="tozeroy", showlegend=False)
    drawn.add_trace(fall, row=2, col=1)
    for held in _held(record, times, ends):
        drawn.add_trace(held, row=3, col=1)
    drawn.update_yaxes(title="equity", row=1)
    drawn.update_yaxes(title="drawdown", tickformat=".1%", nticks=3, row=2)
    drawn.update_yaxes(
        title="position", tickvals=[-1, 0, 1], ticktext=["short", "flat", "long"], range=[-1.15, 1.15], row=3
    )
    return drawn.update_layout(
        height=560, hovermode="x unified", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    )


def _held(record: TrackRecord, times: Sequence[str], ends: np.ndarray) -> Sequence[go.Scatter]:
    """What is held over each bar."""
    if not record.instruments:
        drawn = [_line(times, record.position[ends], "position", COMPLETE, 1).update(fill="tozeroy")]
    else:
        drawn = [
            _line(times, record.exposure[ends], "long and short together", OTHER, 1),
            _line(times, record.position[ends], "long less short", COMPLETE, 1).update(fill="tozeroy"),
        ]
    return [each.update(line={"shape": "hv"}, showlegend=False) for each in drawn]


def _ends(bars: int) -> np.ndarray:
    """The last bars of equal groups."""
    groups = min(bars, _MOST_BARS)
    return np.linspace(0, bars, groups + 1).astype(int)[1:] - 1


def _line(times: Sequence[str], values: np.ndarray, name: str, colour: str, width: float) -> go.Scatter:
    return go.Scatter(x=times, y=values, name=name, mode="lines", line={"color": colour, "width": width})
