import numpy as np
import pytest

from fxai.evaluation.fold_rows import one_fold, rows_of_folds, rows_of_paths
from fxai.market.folds import combinatorial_folds, paths_of
from fxai.market.splits import Span
from fxai.spec.fields.data_config import SplitConfig

GROUPS = 4


def test_lanes_without_folds_are_seeds_on_the_same_bars():
    (rows,) = one_fold([np.arange(3.0), np.arange(3.0) + 1])
    assert rows.tolist() == [[0, 1, 2], [1, 2, 3]]


def test_lanes_of_folds_have_bars_of_their_own():
    first, second = rows_of_folds(2)([np.full(5, float(lane)) for lane in range(6)])
    assert (first[:, 0].tolist(), second[:, 0].tolist()) == ([0, 1, 2], [3, 4, 5])


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_path_has_the_bars_of_each_group_once(seeds: int):
    folds = combinatorial_folds(Span(0, 43), groups=GROUPS, test_groups=2, purge=1, embargo=0)
    bar = [np.concatenate([np.arange(span.start, span.stop - 1) for span in fold.test]) for fold in folds]
    lanes = [bar[fold] + 100.0 * fold for fold in range(len(folds)) for _ in range(seeds)]
    config = SplitConfig.model_validate({"combinatorial": {"groups": GROUPS}})
    (rows,) = rows_of_paths(folds, paths_of(config, folds))(lanes)
    assert len(rows) == 3 * seeds  # of the six folds, three test each group
    every_bar = [bar for start, stop in ((0, 10), (10, 20), (20, 30), (30, 43)) for bar in range(start, stop - 1)]
    assert all((row % 100).tolist() == every_bar for row in rows)
    assert len({tuple(row) for row in rows}) == 3
