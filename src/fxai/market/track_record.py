"""What an agent did on a stretch of bars: equity, positions, trades and figures, with simple strategies beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.market.bars import FloatArray

FORMAT = "fxai track record 1"
_DECIMALS = 10  # of equity, drawdown and prices: far below what float32 trading can tell

Side: TypeAlias = Literal["long", "short"]


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """A position from its opening fill to its closing one."""

    entry_time: str  # of the open at which it was opened, ISO 8601, UTC
    exit_time: str  # of the open at which it was closed, or of the last bar, whose close ended it with the episode
    side: Side
    entry_price: float  # of the fill, spread and slippage included
    exit_price: float
    profit: float  # net, as a fraction of the equity before it was opened


@dataclass(frozen=True, slots=True, eq=False)
class TrackRecord:
    """An agent's way through a split, one entry for each bar that it held a position, or none, over.

    The agent has seen all bars before that bar, its order filled at the bar's open. Equity begins with 1 before the
    first of them, so `equity[0]` is what the first bar has made of it.
    """

    split: str  # train, validation or test; all where the bars are of no split
    times: tuple[str, ...]  # the bar's open, ISO 8601, UTC
    close: FloatArray  # price at the bar's end
    equity: FloatArray  # at the bar's end, costs paid
    position: NDArray[np.int8]  # over the bar: -1, 0 or 1
    drawdown: FloatArray  # fall of the equity from its peak so far, as a fraction of the peak
    trades: tuple[ClosedTrade, ...]  # in the order of their exits
    metrics: Mapping[str, float]  # as the agent's trial reports them
    baselines: Mapping[str, FloatArray] = field(default_factory=dict)  # equity at each bar's end, by strategy
    baseline_metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # those that need no trades
    made_of: Mapping[str, JsonValue] = field(default_factory=dict)  # agent, data, versions, when

    def __len__(self) -> int:
        return len(self.times)

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data that `from_json` takes back."""
        return {
            "format": FORMAT,
            "split": self.split,
            "made_of": dict(self.made_of),
            "metrics": dict(self.metrics),
            "trades": [asdict(trade) for trade in self.trades],
            "times": list(self.times),
            "close": _rounded(self.close),
            "equity": _rounded(self.equity),
            "position": self.position.tolist(),
            "drawdown": _rounded(self.drawdown),
            "baseline_metrics": {name: dict(figures) for name, figures in self.baseline_metrics.items()},
            "baselines": {name: _rounded(curve) for name, curve in self.baselines.items()},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TrackRecord":
        """The inverse of `as_json`; an InputError for anything else."""
        if document.get("format") != FORMAT:
            raise InputError(f"this is no track record of this version; its format is {document.get('format')!r}")
        missing = [each.name for each in fields(cls) if each.name not in document]
        if missing:
            raise InputError(f"the track record is not whole: it lacks {', '.join(missing)}")
        return cls(
            split=document["split"],
            times=tuple(document["times"]),
            close=np.array(document["close"], np.float64),
            equity=np.array(document["equity"], np.float64),
            position=np.array(document["position"], np.int8),
            drawdown=np.array(document["drawdown"], np.float64),
            trades=tuple(ClosedTrade(**trade) for trade in document["trades"]),
            metrics=document["metrics"],
            baselines={name: np.array(curve, np.float64) for name, curve in document["baselines"].items()},
            baseline_metrics=document["baseline_metrics"],
            made_of=document["made_of"],
        )

    def write(self, path: Path) -> None:
        """Write it as one line of JSON: most of it is long lists of numbers."""
        write_text(path, json.dumps(self.as_json(), allow_nan=False) + "\n")


def read_track_record(path: Path) -> TrackRecord:
    """What `TrackRecord.write` wrote; an InputError says why there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a track record: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path} is no track record")
    try:
        return TrackRecord.from_json(document)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _rounded(values: FloatArray) -> list[JsonValue]:
    rounded: list[JsonValue] = np.round(values, _DECIMALS).tolist()
    return rounded
