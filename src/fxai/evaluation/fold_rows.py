"""Arranges numbers of the bars of a trial's lanes as `whole_error.estimate_over_folds` expects them.

The lanes are those of a trial: one for each seed, with folds the seeds of one fold after the other.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import TypeAlias

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.folds import Fold, combinatorial_paths, latest_first
from fxai.spec.fields.data_config import SplitConfig

Arrange: TypeAlias = Callable[[Sequence[FloatArray]], Sequence[FloatArray]]
"""Turns numbers of each lane, [bar], into folds with bars of their own, each [row, bar of the fold]."""


def arrangement(split: SplitConfig, folds: Sequence[Fold]) -> Arrange:
    """The folds whose errors add up to the error of a trial's value; `folds` are those of its market."""
    if split.folds == 1:
        return one_fold
    if split.combinatorial is None:
        return rows_of_folds(split.folds)
    return rows_of_paths(folds, split.combinatorial.groups, split.combinatorial.test_groups)


def one_fold(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
    """The lanes of a trial without folds: one row for each seed."""
    return [np.stack(lanes)]


def rows_of_folds(folds: int) -> Arrange:
    """The lanes of a trial in folds that are tested on different bars: each fold has one row for each seed."""

    def arrange(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
        seeds = len(lanes) // folds
        return [np.stack(lanes[first : first + seeds]) for first in range(0, len(lanes), seeds)]

    return arrange


def rows_of_paths(folds: Sequence[Fold], groups: int, test_groups: int) -> Arrange:
    """The lanes of a trial in combinatorial folds: one row with the bars of all groups for each path and seed."""
    tested = list(combinations(range(groups), test_groups))
    borders = [np.cumsum([len(span) - 1 for span in fold.test])[:-1] for fold in folds]
    place_of = {fold: place for place, fold in enumerate(latest_first(folds))}

    def arrange(lanes: Sequence[FloatArray]) -> Sequence[FloatArray]:
        seeds = len(lanes) // len(folds)

        def bars(fold: int, group: int, seed: int) -> FloatArray:
            of_groups = np.split(lanes[place_of[fold] * seeds + seed], borders[fold])
            return of_groups[tested[fold].index(group)]

        rows = [
            np.concatenate([bars(fold, group, seed) for group, fold in enumerate(path)])
            for path in combinatorial_paths(groups, test_groups)
            for seed in range(seeds)
        ]
        return [np.stack(rows)]

    return arrange
