"""Describes how a study's best trial was selected on the validation bars, from what its trials earned there."""

from fxai.evaluation.selection import SearchedTrials, Selection, selection
from fxai.results.fold_returns import efficiency_of
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.trial_returns import complete_trials, trial_returns
from fxai.search.stored_trial import StoredState
from fxai.study.committees import Committees

_TRIED = (StoredState.COMPLETE, StoredState.PRUNED, StoredState.FAIL)


def describe_selection(
    committees: Committees, record: StudyRecord, paths: StudyPaths, bars_per_year: float
) -> Selection:
    """The selection of the trial that the committees judge.

    Args:
        committees: The committees, trained. With folds, those of the judged trial give the walk-forward efficiency.
        record: The study's trials.
        paths: Of the study.
        bars_per_year: Of the data of the training, for annualized figures.
    """
    chosen, folds = committees.study.winner, committees.study.spec.folds
    searched = SearchedTrials(
        chosen=chosen,
        tried=sum(record.count(state) for state in _TRIED),
        complete=len(complete_trials(record)),
    )
    efficiency = efficiency_of(committees.files_of(chosen), folds, bars_per_year) if folds > 1 else None
    return selection(trial_returns(record, paths), searched, bars_per_year, efficiency)
