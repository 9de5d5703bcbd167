"""Track record of an agent on a span of bars: equity, positions, trades, metrics, and baseline strategies."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.market.bars import FloatArray

FORMAT = "fxai track record 1"
_MEMBERS, _INSTRUMENTS = "member_metrics", "instruments"
_OPTIONAL = (_MEMBERS, _INSTRUMENTS)  # fields that a document may lack
_DECIMALS = 10  # of equity, drawdown and prices; more precise than float32

Side: TypeAlias = Literal["long", "short"]


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """A position from its opening fill to its closing fill."""

    entry_time: str  # of the opening fill, ISO 8601, UTC
    exit_time: str  # of the closing fill; after a fill within the bar or at its close, the bar's open
    side: Side
    entry_price: float  # of the opening fill, with spread and slippage
    exit_price: float  # of the closing fill
    profit: float  # net, as a fraction of the equity before the opening


@dataclass(frozen=True, slots=True, eq=False)
class InstrumentTrack:
    """One of several instruments in a portfolio."""

    weight: FloatArray  # held over each bar of the record, as a fraction of the capital; negative if short
    metrics: Mapping[str, float]  # of what the instrument adds to the portfolio's returns

    def as_json(self) -> dict[str, JsonValue]:
        return {"weight": _rounded(self.weight), "metrics": dict(self.metrics)}


@dataclass(frozen=True, slots=True, eq=False)
class TrackRecord:
    """An agent's steps through a split, one entry per bar.

    The agent's decision uses the bars before the entry's bar; its order is filled at the bar's open. Equity is 1 before
    the first bar, so `equity[0]` is the equity after the first bar.
    """

    split: str  # train, validation or test; all: bars without splits
    times: tuple[str, ...]  # the bar's open, ISO 8601, UTC
    close: FloatArray  # close of the bar
    equity: FloatArray  # at the end of the bar, after costs
    position: (
        FloatArray  # from the fills at the bar's open on, as a fraction of `position_size`: -1 short, 0 flat, 1 long
    )
    drawdown: FloatArray  # fall of equity from its peak so far, as a fraction of the peak
    trades: tuple[ClosedTrade, ...]  # in the order of their exits
    metrics: Mapping[str, float]  # as in the reports of the agent's trial
    baselines: Mapping[str, FloatArray] = field(default_factory=dict)  # equity at the end of each bar, by strategy
    baseline_metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # metrics that need no trades
    made_of: Mapping[str, JsonValue] = field(default_factory=dict)  # origin: agent, data, versions, time
    member_metrics: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict
    )  # of each member of an ensemble alone, by its name; empty for other agents and in older files
    instruments: Mapping[str, InstrumentTrack] = field(default_factory=dict)  # of a portfolio, by name

    def __len__(self) -> int:
        return len(self.times)

    @property
    def exposure(self) -> FloatArray:
        """Sum of the sizes of all positions over each bar, short ones counted as long ones."""
        if not self.instruments:
            return np.abs(self.position)
        total: FloatArray = np.abs([each.weight for each in self.instruments.values()]).sum(axis=0)
        return total

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `from_json`."""
        return {
            "format": FORMAT,
            "split": self.split,
            "made_of": dict(self.made_of),
            "metrics": dict(self.metrics),
            "trades": [asdict(trade) for trade in self.trades],
            "times": list(self.times),
            "close": _rounded(self.close),
            "equity": _rounded(self.equity),
            "position": [int(each) if each == int(each) else each for each in self.position.tolist()],
            "drawdown": _rounded(self.drawdown),
            "baseline_metrics": {name: dict(figures) for name, figures in self.baseline_metrics.items()},
            "baselines": {name: _rounded(curve) for name, curve in self.baselines.items()},
            **(
                {_MEMBERS: {name: dict(metrics) for name, metrics in self.member_metrics.items()}}
                if self.member_metrics
                else {}
            ),
            **(
                {_INSTRUMENTS: {name: each.as_json() for name, each in self.instruments.items()}}
                if self.instruments
                else {}
            ),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TrackRecord":
        """Inverse of `as_json`.

        Raises:
            InputError: If the document is not a track record of this version.
        """
        if document.get("format") != FORMAT:
            raise InputError(
                f"this is not a track record of this version of FxAI; its format is {document.get('format')!r}"
            )
        missing = [each.name for each in fields(cls) if each.name not in {*document, *_OPTIONAL}]
        if missing:
            raise InputError(f"the track record is not complete; it lacks {', '.join(missing)}")
        return cls(
            split=document["split"],
            times=tuple(document["times"]),
            close=np.array(document["close"], np.float64),
            equity=np.array(document["equity"], np.float64),
            position=np.array(document["position"], np.float64),
            drawdown=np.array(document["drawdown"], np.float64),
            trades=tuple(ClosedTrade(**trade) for trade in document["trades"]),
            metrics=document["metrics"],
            baselines={name: np.array(curve, np.float64) for name, curve in document["baselines"].items()},
            baseline_metrics=document["baseline_metrics"],
            made_of=document["made_of"],
            member_metrics=document.get(_MEMBERS, {}),
            instruments={
                name: InstrumentTrack(np.array(each["weight"], np.float64), each["metrics"])
                for name, each in document.get(_INSTRUMENTS, {}).items()
            },
        )

    def write(self, path: Path) -> None:
        """Write the track record as one line of JSON, because it consists mostly of long lists."""
        write_text(path, json.dumps(self.as_json(), allow_nan=False) + "\n")


def read_track_record(path: Path) -> TrackRecord:
    """Read a file of `TrackRecord.write`.

    Raises:
        InputError: If the file cannot be read as a track record.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a track record: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path} is not a track record")
    try:
        return TrackRecord.from_json(document)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _rounded(values: FloatArray) -> list[JsonValue]:
    rounded: list[JsonValue] = np.round(values, _DECIMALS).tolist()
    return rounded
