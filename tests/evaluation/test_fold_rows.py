import numpy as np
import pytest

from fxai.evaluation.fold_rows import arrangement
from fxai.market.scores.bar_returns import windows_of
from fxai.market.splits.folds import combinatorial_folds, latest_first, walk_forward_folds
from fxai.market.splits.splits import Span, Splits

GROUPS = 4
SPLITS = Splits(Span(0, 20), Span(20, 41), Span(41, 50))


def test_lanes_without_folds_are_seeds_on_the_same_bars():
    arrange = arrangement([windows_of(SPLITS, parts=None)] * 2)
    (rows,) = arrange([np.arange(20.0), np.arange(20.0) + 1])
    assert rows.tolist() == [[*range(20)], [*range(1, 21)]]


def test_parts_of_a_validation_split_have_equal_numbers_of_bars():
    assert windows_of(SPLITS, parts=3) == (Span(21, 27), Span(27, 33), Span(33, 39))


def test_lanes_of_folds_have_bars_of_their_own():
    folds = walk_forward_folds(Span(0, 20), 41, folds=2, anchored=False, purge=1)
    windows = [windows_of(SPLITS, None, folds[fold]) for fold in (1, 1, 1, 0, 0, 0)]
    first, second = arrangement(windows)([np.full(9, float(lane)) for lane in range(6)])
    assert (first[:, 0].tolist(), second[:, 0].tolist()) == ([3, 4, 5], [0, 1, 2])  # in the order of time


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("test_groups", [2, 3])
def test_a_path_has_the_bars_of_each_group_once(seeds: int, test_groups: int):
    folds = combinatorial_folds(Span(0, 43), groups=GROUPS, test_groups=test_groups, purge=1, embargo=0)
    bar = [np.concatenate([np.arange(span.start + 1, span.stop) for span in fold.test]) for fold in folds]
    of_lanes = [fold for fold in latest_first(folds) for _ in range(seeds)]
    lanes = [bar[fold] + 100.0 * fold + 1000.0 * (place % seeds) for place, fold in enumerate(of_lanes)]
    (rows,) = arrangement([windows_of(SPLITS, None, folds[fold]) for fold in of_lanes])(lanes)
    paths = 3  # each group is tested by three folds
    assert len(rows) == paths * seeds
    every_bar = [bar for start, stop in ((0, 10), (10, 20), (20, 30), (30, 43)) for bar in range(start + 1, stop)]
    assert all((row % 100).tolist() == every_bar for row in rows)
    assert len(np.unique(rows)) == rows.size == sum(map(len, lanes))  # each number of each lane is used once
    assert all(len(np.unique(row // 1000)) == 1 for row in rows)  # a path has one seed
