from pathlib import Path

import numpy as np
import pytest

from fxai.evaluation.fold_efficiency import WalkForwardEfficiency, walk_forward_efficiency
from fxai.evaluation.verdict import MissingFigure
from fxai.market.scores.bar_returns import BarReturns
from fxai.market.splits.splits import Span
from fxai.protocol import TrialPaths
from fxai.results.fold_returns import efficiency_of

TRAIN, TEST = (60, 50), (20, 24)  # bars of each fold


def write(path: Path, lengths: tuple[int, ...], seed: int) -> list[np.ndarray]:
    """Returns of agents in the folds, the last fold first; returns those of each fold in the order of the folds."""
    draws = np.random.default_rng(seed)
    rows = [draws.normal(0.2, 1.0, size=length).astype(np.float32) for length in lengths]
    longest = max(lengths)
    stored = np.stack([np.pad(row, (0, longest - len(row)), constant_values=np.nan) for row in reversed(rows)])
    folds = tuple(reversed(range(len(lengths))))
    windows = tuple((Span(0, lengths[fold]),) for fold in folds)
    BarReturns(3, tuple(range(len(lengths))), stored, folds=folds, windows=windows).write(path)
    return rows


def test_the_efficiency_is_that_of_the_mean_over_the_trainings(tmp_path: Path) -> None:
    trainings = [TrialPaths(tmp_path / str(seed)) for seed in range(3)]
    train = [write(each.train_returns, TRAIN, seed) for seed, each in enumerate(trainings)]
    test = [write(each.returns, TEST, 10 + seed) for seed, each in enumerate(trainings)]
    found = efficiency_of(trainings, 2, 252.0)
    inside, outside = (
        [np.mean([of_seed[fold] for of_seed in side], axis=0) for fold in range(2)] for side in (train, test)
    )
    expected = walk_forward_efficiency(inside, outside, 252.0)
    assert isinstance(found, WalkForwardEfficiency)
    assert found.ratio == pytest.approx(expected.ratio)
    assert [fold.in_sample for fold in found.folds] == pytest.approx([fold.in_sample for fold in expected.folds])
    assert [fold.ratio for fold in found.folds] == pytest.approx([fold.ratio for fold in expected.folds])


def test_a_missing_file_and_other_folds_are_named(tmp_path: Path) -> None:
    training = TrialPaths(tmp_path / "0")
    write(training.returns, TEST, 0)
    missing = efficiency_of([training], 2, 252.0)
    assert isinstance(missing, MissingFigure)
    assert str(training.train_returns) in missing.reason
    write(training.train_returns, TRAIN, 0)
    assert isinstance(efficiency_of([training], 2, 252.0), WalkForwardEfficiency)
    other = efficiency_of([training], 3, 252.0)
    assert isinstance(other, MissingFigure)
    assert "3 folds" in other.reason
    another = TrialPaths(tmp_path / "1")
    write(another.returns, TEST, 1)
    write(another.train_returns, (60, 40), 1)
    assert efficiency_of([training, another], 2, 252.0) == MissingFigure(
        "walk-forward efficiency", "its agents have returns on different bars"
    )
