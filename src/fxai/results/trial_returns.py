"""Reads what the complete trials of a study earned on each validation bar, from the file in each trial's folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fxai.errors import InputError
from fxai.evaluation.selection import TrialReturns
from fxai.market.bars import FloatArray
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.search.stored_trial import StoredState

_MOST_VALUES = 50_000_000  # 200 MB


def complete_trials(record: StudyRecord) -> tuple[TrialRecord, ...]:
    """The complete trials of a study, without copies of another study's trials."""
    return tuple(trial for trial in record.trials if trial.state is StoredState.COMPLETE and not trial.uncounted)


def trial_returns(record: StudyRecord, paths: StudyPaths, most_values: int = _MOST_VALUES) -> TrialReturns:
    """The returns of the complete trials whose files can be read and have the same bars.

    A trial has the mean over its seeds on each bar. With several instruments it has their mean on each date. With folds
    the bars are those of all test windows; a bar that scores several combinatorial folds has the mean over them. If the
    returns of all trials need more than 200 MB, every second, third, ... trial is read, and the best one.

    Args:
        record: The study.
        paths: Its files.
        most_values: Limit of trials times bars.
    """
    files = {trial.number: paths.trial(trial.number).returns for trial in complete_trials(record)}
    readable = (means for means in map(_means, files.values()) if means is not None)
    bars = next((means.bars for means in readable), np.empty(0, np.int64))
    numbers = _sampled(list(files), -(-len(files) * len(bars) // most_values), record.best)
    found: list[int] = []
    returns = np.empty((len(numbers), len(bars)), np.float32)
    for number in numbers:
        means = _means(files[number])
        if means is not None and np.array_equal(means.bars, bars):
            returns[len(found)] = means.returns
            found.append(number)
    return TrialReturns(tuple(found), returns[: len(found)])


def _sampled(numbers: Sequence[int], distance: int, best: TrialRecord | None) -> Sequence[int]:
    chosen = {*numbers[:: max(distance, 1)], *(() if best is None else (best.number,))}
    return [number for number in numbers if number in chosen]


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    """The mean over the agents of a trial that were scored on a bar."""

    bars: NDArray[np.int64]  # index of each bar, in the order of time
    returns: FloatArray  # [bar]


def _means(file: Path) -> _Means | None:
    """The mean returns of a trial; None if they are missing, damaged or not finite."""
    try:
        found = read_bar_returns(file)
    except InputError:
        return None
    if found.instruments is not None:
        returns = found.instruments.portfolio(found.returns.astype(np.float64)).mean(axis=0)
        return _Means(np.arange(len(returns)), returns) if np.isfinite(returns).all() else None
    bars = [np.concatenate([np.arange(span.start, span.stop) for span in of_row]) for of_row in found.windows]
    if len(bars) != len(found.returns) or max(map(len, bars)) > found.returns.shape[1]:
        return None
    rows = [row[: len(of_row)].astype(np.float64) for row, of_row in zip(found.returns, bars, strict=True)]
    every, place = np.unique(np.concatenate(bars), return_inverse=True)
    means = np.bincount(place, np.concatenate(rows)) / np.bincount(place)
    return _Means(every, means) if np.isfinite(means).all() else None
