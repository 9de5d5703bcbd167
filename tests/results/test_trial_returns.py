"""The returns of a study's complete trials, from the files that its trials leave."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fxai.market.scores.bar_returns import BarReturns
from fxai.market.splits.splits import Span
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.trial_returns import complete_trials, trial_returns
from fxai.search.stored_trial import StoredState

WINDOW = Span(101, 141)


def trial(number: int, state: StoredState = StoredState.COMPLETE, copy_of: str | None = None) -> TrialRecord:
    return TrialRecord(number=number, state=state, value=1.0, params={}, copy_of=copy_of)


def record(trials: Sequence[TrialRecord], best: int = 0) -> StudyRecord:
    return StudyRecord("s", "maximize", "mean_reward", trials, trials[best])


def write(paths: StudyPaths, number: int, window: Span = WINDOW, seeds: int = 2) -> np.ndarray:
    """Random returns of a trial without folds; returns their mean over the seeds."""
    returns = np.random.default_rng(number).normal(size=(seeds, len(window))).astype(np.float32)
    BarReturns(3, tuple(range(seeds)), returns, windows=((window,),) * seeds).write(paths.trial(number).returns)
    mean: np.ndarray = returns.mean(axis=0, dtype=np.float64)
    return mean


@pytest.fixture
def paths(tmp_path: Path) -> StudyPaths:
    return StudyPaths(tmp_path, "s")


def test_a_trial_has_the_mean_over_its_seeds(paths: StudyPaths) -> None:
    means = [write(paths, number) for number in range(3)]
    found = trial_returns(record([trial(number) for number in range(3)]), paths)
    assert found.numbers == (0, 1, 2)
    assert found.returns == pytest.approx(np.array(means), rel=1e-6)


def test_only_complete_trials_of_the_study_are_read(paths: StudyPaths) -> None:
    states = [StoredState.COMPLETE, StoredState.PRUNED, StoredState.FAIL, StoredState.RUNNING]
    trials = [*(trial(number, state) for number, state in enumerate(states)), trial(4, copy_of="other 1"), trial(5)]
    for each in trials:
        write(paths, each.number)
    study = record(trials)
    assert [each.number for each in complete_trials(study)] == [0, 5]
    assert trial_returns(study, paths).numbers == (0, 5)


def test_missing_damaged_and_other_bars_are_left_out(paths: StudyPaths) -> None:
    for number in (1, 2, 3, 5):
        write(paths, number)
    paths.trial(2).returns.write_bytes(b"not a file of returns")
    write(paths, 3, Span(102, 142))
    bad = np.full((1, len(WINDOW)), np.nan, np.float32)
    BarReturns(3, (0,), bad, windows=((WINDOW,),)).write(paths.trial(4).returns)
    assert trial_returns(record([trial(number) for number in range(6)]), paths).numbers == (1, 5)


def test_without_a_readable_file_there_are_no_trials(paths: StudyPaths) -> None:
    found = trial_returns(record([trial(0), trial(1)]), paths)
    assert found.numbers == ()
    assert len(found.returns) == 0


@pytest.mark.parametrize(
    "windows",
    [
        ((Span(5, 9),), (Span(9, 12),), (Span(12, 16),)),  # walk-forward
        ((Span(0, 4), Span(9, 12)), (Span(0, 4), Span(5, 8)), (Span(5, 8), Span(9, 12))),  # each group in two folds
    ],
)
def test_folds_are_joined_in_the_order_of_time(paths: StudyPaths, windows: tuple[tuple[Span, ...], ...]) -> None:
    """Row r of seed s earns bar + 100 s + r on each bar, so that the mean over seeds and folds is known."""
    order = (2, 0, 1)  # the lanes of the fold that ends last are first
    bars = [np.concatenate([np.arange(span.start, span.stop) for span in windows[fold]]) for fold in order]
    longest = max(map(len, bars))
    rows = np.full((6, longest), np.nan, np.float32)
    for place, of_fold in enumerate(bars):
        for seed in range(2):
            rows[2 * place + seed, : len(of_fold)] = of_fold + 100 * seed + order[place]
    lanes = tuple(fold for fold in order for _ in range(2))
    returns = BarReturns(3, tuple(range(6)), rows, folds=lanes, windows=tuple(windows[fold] for fold in lanes))
    returns.write(paths.trial(0).returns)
    (row,) = trial_returns(record([trial(0)]), paths).returns
    every = sorted({int(bar) for of_fold in bars for bar in of_fold})
    folds_of_bar = [[fold for fold, of_fold in zip(order, bars, strict=True) if bar in of_fold] for bar in every]
    assert row == pytest.approx([bar + 50 + np.mean(folds) for bar, folds in zip(every, folds_of_bar, strict=True)])


def test_many_trials_are_sampled_with_the_best_one(paths: StudyPaths) -> None:
    for number in range(10):
        write(paths, number)
    study = record([trial(number) for number in range(10)], best=7)
    assert trial_returns(study, paths, most_values=4 * len(WINDOW)).numbers == (0, 3, 6, 7, 9)
    assert trial_returns(study, paths, most_values=10 * len(WINDOW)).numbers == tuple(range(10))
