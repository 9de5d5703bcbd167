"""Reads what agents in folds earned on the test bars and on the train bars of each fold."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fxai.errors import InputError
from fxai.evaluation.fold_efficiency import WalkForwardEfficiency, walk_forward_efficiency
from fxai.evaluation.selection import EFFICIENCY
from fxai.evaluation.verdict import MissingFigure
from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.protocol import TrialPaths


def efficiency_of(
    trainings: Sequence[TrialPaths], folds: int, bars_per_year: float
) -> WalkForwardEfficiency | MissingFigure:
    """The walk-forward efficiency of trainings of one configuration, from the mean of their returns on each bar.

    Args:
        trainings: Files of trainings in all folds, each with a seed of its own.
        folds: Number of folds.
        bars_per_year: For annualized Sharpe ratios.

    Returns:
        The efficiency; the reason if a file is missing or of other folds.
    """
    try:
        train = _means_by_fold([training.train_returns for training in trainings], folds)
        test = _means_by_fold([training.returns for training in trainings], folds)
    except InputError as error:
        return MissingFigure(EFFICIENCY, str(error))
    return walk_forward_efficiency(train, test, bars_per_year)


def _means_by_fold(files: Sequence[Path], folds: int) -> Sequence[FloatArray]:
    """Of each fold the mean over the files, [bar].

    Raises:
        InputError: A file cannot be read, or has other folds or bars than the others.
    """
    rows: list[list[FloatArray]] = [[] for _ in range(folds)]
    for file in files:
        found = read_bar_returns(file)
        if set(found.folds) != set(range(folds)):
            raise InputError(f"{file} does not have the returns of {folds} folds")
        for fold, row in zip(found.folds, found.returns.astype(np.float64), strict=True):
            rows[fold].append(row[np.isfinite(row)])
    if any(len({len(row) for row in of_fold}) != 1 for of_fold in rows):
        raise InputError("its agents have returns on different bars")
    return [np.mean(of_fold, axis=0) for of_fold in rows]
