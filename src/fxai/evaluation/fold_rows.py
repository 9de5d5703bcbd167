"""Arranges numbers of the bars of a trial's lanes as `whole_error.estimate_over_folds` expects them.

The lanes are those of a trial: one for each seed, with folds one for each seed of each fold. Lanes of one fold are
scored on the same windows of bars, so the windows say what belongs together.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import Windows
from fxai.market.splits.splits import Span

Arrange: TypeAlias = Callable[[Sequence[FloatArray]], Sequence[FloatArray]]
"""Turns numbers of each lane, [bar], into folds with bars of their own, each [row, bar of the fold]."""


def one_fold(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
    """The lanes of a trial without folds: one row for each seed."""
    return [np.stack(lanes)]


def arrangement(windows: Sequence[Windows]) -> Arrange:
    """The folds whose errors add up to the error of a trial's value.

    Folds with bars of their own are kept: each has one row for each seed. Folds that share test windows (combinatorial
    folds) are joined to one fold: it has the bars of all windows, and one row for each path and seed.

    Args:
        windows: The windows of each lane. Each fold has the same number of lanes.
    """
    folds = sorted(dict.fromkeys(windows), key=lambda fold: [(span.start, span.stop) for span in fold])
    lanes_of = {fold: [lane for lane, of_lane in enumerate(windows) if of_lane == fold] for fold in folds}
    if sum(map(len, folds)) > len({span for fold in folds for span in fold}):
        return _rows_of_paths(lanes_of)
    return lambda lanes: [np.stack([lanes[lane] for lane in lanes_of[fold]]) for fold in folds]


def _rows_of_paths(lanes_of: dict[Windows, list[int]]) -> Arrange:
    """Rows of folds that share windows; each of a window's folds is part of another path."""
    every_window = sorted({span for fold in lanes_of for span in fold}, key=lambda span: span.start)
    tested_by = [[fold for fold in lanes_of if window in fold] for window in every_window]
    seeds = min(map(len, lanes_of.values()))

    def arrange(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
        def part(fold: Windows, window: Span, seed: int) -> FloatArray:
            borders = np.cumsum([len(span) for span in fold])[:-1]
            return np.split(lanes[lanes_of[fold][seed]], borders)[fold.index(window)]

        rows = [
            np.concatenate([part(fold, window, seed) for fold, window in zip(path, every_window, strict=True)])
            for path in zip(*tested_by, strict=True)
            for seed in range(seeds)
        ]
        return [np.stack(rows)]

    return arrange
