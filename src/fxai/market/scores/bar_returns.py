"""Returns of a trial's agents on each bar of its last evaluation. A worker writes the file into the trial's folder.

The file is in the safetensors format, with numbers in single precision: four seeds on 1,221 bars are 20 kB.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from fxai.atomic_write import write_bytes
from fxai.errors import InputError
from fxai.market.bars import FloatArray
from fxai.market.scores.instrument_scores import InstrumentBars, LaneScore
from fxai.market.scores.scored_steps import OF_REWARDS
from fxai.market.splits.folds import Fold
from fxai.market.splits.splits import Span, Splits
from fxai.spec.search.metrics import SYNONYMS
from fxai.spec.search.score import parse_score

FORMAT = "fxai bar returns 1"
_HEADER = "fxai"
_TIME = "time"  # name of the array with the opens of the bars of several instruments, in nanoseconds

Float32Array = NDArray[np.float32]

Windows: TypeAlias = tuple[Span, ...]
"""Spans of bars on which an agent earned returns, in the order of time. Each window is scored by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class BarReturns:
    """What the agents of a trial earned on each bar of the scored span, [seed, bar].

    With folds each row has the bars of its fold's test spans. A row with fewer bars than others ends with NaN. With
    several instruments each row has the bars of one instrument after those of the other, and windows are in joined
    bars (`market.instruments.MarketSet`).
    """

    step: int  # number of updates before the evaluation
    seeds: tuple[int, ...]
    returns: Float32Array  # simple returns of equity after costs
    rewards: Float32Array | None = None  # of a study whose metric is computed from them
    folds: tuple[int, ...] = ()  # index of the fold of each row; empty without folds
    windows: tuple[Windows, ...] = ()  # of each row; empty in a checkpoint
    instruments: InstrumentBars | None = None  # of several instruments; None in a checkpoint

    @classmethod
    def of(cls, step: int, seeds: Sequence[int], scores: Sequence[LaneScore], *, rewards: bool) -> "BarReturns":
        """From the score of each seed; with the rewards if `rewards` is true."""
        earned = _rows([score.rewards for score in scores]) if rewards else None
        return cls(step, tuple(seeds), _rows([score.returns for score in scores]), earned)

    @classmethod
    def from_tensors(cls, step: int, seeds: Sequence[int], tensors: Mapping[str, Float32Array]) -> "BarReturns":
        """Inverse of `tensors`."""
        return cls(step, tuple(seeds), tensors["returns"], tensors.get("rewards"))

    @property
    def tensors(self) -> dict[str, Float32Array]:
        """The arrays by name."""
        return {"returns": self.returns, **({} if self.rewards is None else {"rewards": self.rewards})}

    def write(self, path: Path) -> None:
        """Write or replace the file.

        Raises:
            FxaiError: The file cannot be written.
        """
        windows = [[[span.start, span.stop] for span in of_row] for of_row in self.windows]
        header = {"format": FORMAT, "step": self.step, "seeds": list(self.seeds), "windows": windows}
        if self.folds:
            header["folds"] = list(self.folds)
        arrays: dict[str, NDArray[Any]] = dict(self.tensors)
        if (bars := self.instruments) is not None:
            header["instruments"] = {"names": bars.names, "counts": bars.counts, "bars_per_year": bars.bars_per_year}
            arrays[_TIME] = bars.time.astype("datetime64[ns]").astype(np.int64)
        write_bytes(
            path, save(arrays, {_HEADER: json.dumps(header)}), durable=False
        )  # training the trial again makes it again


def _rows(rows: Sequence[FloatArray]) -> Float32Array:
    """Rows of numbers, [seed, bar], with NaN at the end of shorter ones."""
    joined = np.full((len(rows), max(map(len, rows))), np.nan, np.float32)
    for row, numbers in zip(joined, rows, strict=True):
        row[: len(numbers)] = numbers
    return joined


def windows_of(splits: Splits, parts: int | None, fold: Fold | None = None) -> Windows:
    """The bars on which an agent earns returns during a training. An episode earns nothing on its first bar.

    Args:
        splits: The splits of the market.
        parts: Number of equal parts of the validation split that are scored by themselves; None: one part.
        fold: The fold of the training; None without folds.
    """
    if fold is not None:
        return tuple(Span(span.start + 1, span.stop) for span in fold.test)
    first, count = splits.validation.start + 1, parts or 1
    bars = (len(splits.validation) - 1) // count
    return tuple(Span(first + part * bars, first + (part + 1) * bars) for part in range(count))


def needs_rewards(metrics: Iterable[str], formula: str) -> bool:
    """Whether one of the metrics, or the formula of the metric `score`, is computed from rewards."""
    names = {*metrics, *(parse_score(formula).names if formula else ())}
    return any(SYNONYMS.get(name, name) in OF_REWARDS for name in names)


def read_bar_returns(path: Path) -> BarReturns:
    """Read a file of `BarReturns.write`.

    Raises:
        InputError: The file is missing, damaged, or of another program.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {}).get(_HEADER, "{}"))
            if header.get("format") != FORMAT:
                raise InputError(f"{path} is not a file of bar returns of this version of FxAI")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        bars = BarReturns.from_tensors(header["step"], header["seeds"], tensors)
        windows = tuple(tuple(Span(start, stop) for start, stop in of_row) for of_row in header["windows"])
        instruments = _instruments(header.get("instruments"), tensors)
        return replace(bars, folds=tuple(header.get("folds", ())), windows=windows, instruments=instruments)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} cannot be read as bar returns: {error}") from error


def _instruments(header: Mapping[str, Any] | None, tensors: Mapping[str, NDArray[Any]]) -> InstrumentBars | None:
    if header is None:
        return None
    return InstrumentBars(
        names=tuple(header["names"]),
        counts=tuple(header["counts"]),
        bars_per_year=tuple(header["bars_per_year"]),
        time=tensors[_TIME].view("datetime64[ns]"),
    )
