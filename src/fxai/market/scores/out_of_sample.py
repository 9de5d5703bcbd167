"""Joins what a trial earned in the test windows of its folds to curves over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import BarReturns
from fxai.market.splits.folds import Fold, paths_of
from fxai.spec.fields.data_config import SplitConfig


@dataclass(frozen=True, slots=True, eq=False)
class OutOfSample:
    """Simple returns after costs on all test bars, by agents that were not trained on them.

    The returns of a bar are the mean over the seeds of a fold: equal parts of the capital for each seed.
    """

    bars: NDArray[np.int64]  # index of each bar, in the order of time
    paths: FloatArray  # [path, bar]; walk-forward has one path
    by_fold: tuple[FloatArray, ...]  # of each fold, [bar of its test windows]


def stitch(returns: BarReturns, config: SplitConfig, folds: Sequence[Fold]) -> OutOfSample:
    """Join the returns of a trial.

    Args:
        returns: Returns of each lane of the trial.
        config: The folds' configuration.
        folds: The folds that `market.folds.folds_of` cuts.
    """
    of_lane, fold_of_lane = returns.returns.astype(np.float64), np.array(returns.folds)
    lengths = [[len(span) - 1 for span in fold.test] for fold in folds]
    by_fold = [of_lane[fold_of_lane == fold].mean(axis=0)[: sum(lengths[fold])] for fold in range(len(folds))]
    pieces = [np.split(whole, np.cumsum(of_fold)[:-1]) for whole, of_fold in zip(by_fold, lengths, strict=True)]
    paths = paths_of(config, folds)
    windows = [folds[fold].test[i] for fold, i in paths[0]]
    return OutOfSample(
        bars=np.concatenate([np.arange(window.start + 1, window.stop) for window in windows]),
        paths=np.stack([np.concatenate([pieces[fold][i] for fold, i in path]) for path in paths]),
        by_fold=tuple(by_fold),
    )
