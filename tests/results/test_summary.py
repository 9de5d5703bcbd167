import optuna

from fxai.protocol import STANDARD_ERROR
from fxai.results.record import StudyRecord
from fxai.results.summary import StudySummary
from results.conftest import drawn_trial


def test_the_numbers_of_the_guides_table(study: optuna.Study):
    summary = StudySummary.of(StudyRecord.of(study))
    assert (summary.completed, summary.pruned, summary.failed, summary.running) == (20, 3, 2, 1)
    assert summary.total == 26
    assert (summary.best_trial, summary.best_value) == (study.best_trial.number, study.best_value)
    assert summary.best_params == study.best_params


def test_the_best_value_has_its_standard_error(empty_study: optuna.Study):
    best = drawn_trial(0, value=2.0)
    best.user_attrs = {STANDARD_ERROR: 0.25}
    empty_study.add_trials([best, drawn_trial(1, value=1.0)])
    summary = StudySummary.of(StudyRecord.of(empty_study))
    assert (summary.standard_error, summary.as_json()["standard_error"]) == (0.25, 0.25)


def test_shares_are_of_the_finished_trials(study: optuna.Study):
    summary = StudySummary.of(StudyRecord.of(study))
    assert summary.completion_rate == 20 / 25
    assert summary.pruned_share == 3 / 25


def test_a_study_without_trials_has_no_shares_and_no_best(empty_study: optuna.Study):
    summary = StudySummary.of(StudyRecord.of(empty_study)).as_json()
    assert summary["best_value"] is None
    assert summary["completion_rate"] is None
    assert summary["trials"] == {"total": 0, "completed": 0, "pruned": 0, "failed": 0, "running": 0, "infeasible": 0}


def test_the_best_of_trial_zero_is_not_taken_for_none(empty_study: optuna.Study):
    empty_study.tell(empty_study.ask(), 0.0)
    summary = StudySummary.of(StudyRecord.of(empty_study))
    assert (summary.best_trial, summary.best_value, summary.best_params) == (0, 0.0, {})
