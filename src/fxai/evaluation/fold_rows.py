"""Arranges numbers of the bars of a trial's lanes as `whole_error.estimate_over_folds` expects them.

The lanes are those of a trial: one for each seed, with folds the seeds of one fold after the other.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.folds import Fold, latest_first, paths_of
from fxai.spec.fields.data_config import SplitConfig

Arrange: TypeAlias = Callable[[Sequence[FloatArray]], Sequence[FloatArray]]
"""Turns numbers of each lane, [bar], into folds with bars of their own, each [row, bar of the fold]."""


Paths: TypeAlias = Sequence[Sequence[tuple[int, int]]]


def arrangement(split: SplitConfig, folds: Sequence[Fold]) -> Arrange:
    """The folds whose errors add up to the error of a trial's value; `folds` are those of its market."""
    if split.folds == 1:
        return one_fold
    if split.combinatorial is None:
        return rows_of_folds(split.folds)
    return rows_of_paths(folds, paths_of(split, folds))


def one_fold(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
    """The lanes of a trial without folds: one row for each seed."""
    return [np.stack(lanes)]


def rows_of_folds(folds: int) -> Arrange:
    """The lanes of a trial in folds that are tested on different bars: each fold has one row for each seed."""

    def arrange(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
        seeds = len(lanes) // folds
        return [np.stack(lanes[first : first + seeds]) for first in range(0, len(lanes), seeds)]

    return arrange


def rows_of_paths(folds: Sequence[Fold], paths: Paths) -> Arrange:
    """The lanes of a trial in folds that share test bars: one row with the bars of all windows for each path and seed.

    Args:
        folds: The folds.
        paths: Their paths; see `market.folds.paths_of`.
    """
    borders = [np.cumsum([len(span) - 1 for span in fold.test])[:-1] for fold in folds]
    place_of = {fold: place for place, fold in enumerate(latest_first(folds))}

    def arrange(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
        seeds = len(lanes) // len(folds)

        def window(fold: int, index: int, seed: int) -> FloatArray:
            return np.split(lanes[place_of[fold] * seeds + seed], borders[fold])[index]

        rows = [
            np.concatenate([window(fold, index, seed) for fold, index in path])
            for path in paths
            for seed in range(seeds)
        ]
        return [np.stack(rows)]

    return arrange
