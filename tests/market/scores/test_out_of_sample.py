from typing import Any

import numpy as np
import pytest

from fxai.market.scores.bar_returns import BarReturns
from fxai.market.scores.out_of_sample import stitch
from fxai.market.splits.folds import folds_of
from fxai.market.splits.splits import Span, Splits
from fxai.spec.fields.data_config import SplitConfig

SPLITS = Splits(train=Span(50, 1000), validation=Span(1100, 1413), test=Span(1500, 2000))
SEEDS = 2
COMBINATORIAL = {"groups": 4, "purge": 9, "first_bar": 60}


@pytest.mark.parametrize(
    ("fields", "paths"), [({"walk_forward": {"folds": 5, "purge": 20}}, 1), ({"combinatorial": COMBINATORIAL}, 3)]
)
def test_each_test_bar_is_once_in_each_path(fields: dict[str, Any], paths: int):
    config = SplitConfig.model_validate(fields)
    folds = folds_of(config, SPLITS, 50)
    bars = [np.concatenate([np.arange(span.start + 1, span.stop) for span in fold.test]) for fold in folds]
    longest = max(map(len, bars))
    rows = [np.pad(of_fold.astype(float), (0, longest - len(of_fold)), constant_values=np.nan) for of_fold in bars]
    lanes = [row + seed for row in rows for seed in range(SEEDS)]  # the second seed earns 1 more on each bar
    fold_of_lane = tuple(fold for fold in range(len(folds)) for _ in range(SEEDS))
    returns = BarReturns(5, tuple(range(len(lanes))), np.array(lanes, np.float32), folds=fold_of_lane)
    joined = stitch(returns, config, folds)
    assert len(joined.paths) == paths
    assert all(np.array_equal(path, joined.bars + 0.5) for path in joined.paths)
    assert (np.diff(joined.bars) > 0).all()
    for of_fold, earned in zip(bars, joined.by_fold, strict=True):
        assert np.array_equal(earned, of_fold + 0.5)
