import optuna
import pytest
from optuna.trial import TrialState, create_trial

from fxai.errors import InputError
from fxai.protocol import STANDARD_ERROR
from fxai.results.pareto_selection import selected_trial
from fxai.results.record import StudyRecord, TrialFailure
from fxai.search.stored_trial import StoredState
from results.conftest import drawn_trial


def test_a_study_is_read_with_all_its_trials(study: optuna.Study):
    record = StudyRecord.of(study)
    assert [trial.number for trial in record.trials] == list(range(26))
    assert record.count(StoredState.COMPLETE) == 20
    assert record.best is record.trials[study.best_trial.number]
    assert (record.name, record.direction) == ("fx_ai_quick", "maximize")


def test_a_trial_keeps_what_optuna_has_no_place_for(study: optuna.Study):
    trial = StudyRecord.of(study).trials[0]
    assert trial.seconds == 7.5
    assert trial.value is not None
    assert trial.metrics == {"sharpe": 2 * trial.value}
    assert trial.reports[50] == trial.value
    assert trial.attempt == 0
    assert trial.failure is None


def test_only_a_completed_trial_has_a_value(study: optuna.Study):
    for trial in StudyRecord.of(study).trials:
        assert (trial.value is not None) == (trial.state is StoredState.COMPLETE)


def test_only_a_value_has_a_standard_error(empty_study: optuna.Study):
    for state in (TrialState.COMPLETE, TrialState.PRUNED):
        trial = drawn_trial(0, state)
        trial.user_attrs = {STANDARD_ERROR: 0.25}
        empty_study.add_trial(trial)
    empty_study.add_trial(drawn_trial(2, value=0.0))
    assert [trial.standard_error for trial in StudyRecord.of(empty_study).trials] == [0.25, None, None]


def test_a_failed_trial_has_its_message(study: optuna.Study):
    failed = [trial for trial in StudyRecord.of(study).trials if trial.state is StoredState.FAIL]
    assert {trial.failure for trial in failed} == {TrialFailure("out of memory", "the GPU has no memory left")}
    assert failed[0].as_json()["failure"] == {"cause": "out of memory", "message": "the GPU has no memory left"}


def test_without_a_completed_trial_there_is_no_best(empty_study: optuna.Study):
    assert StudyRecord.of(empty_study).best is None
    trial = empty_study.ask()
    empty_study.tell(trial, state=TrialState.FAIL)
    record = StudyRecord.of(empty_study)
    assert record.best is None
    assert record.trials[0].seconds is not None


def test_a_study_of_several_objectives_has_a_front_and_its_knee():
    study = optuna.create_study(study_name="pareto", directions=["maximize", "minimize"])
    study.set_metric_names(["sharpe", "max_drawdown"])
    for values in ((1.0, 0.1), (2.0, 0.2), (3.0, 0.9), (1.5, 0.5), (2.0, 0.2)):
        study.add_trial(create_trial(values=values, params={}, distributions={}))
    record = StudyRecord.of(study)
    assert [trial.number for trial in record.front] == [2, 1, 4, 0]
    assert record.best is record.trials[1]
    assert (record.metric, record.direction, record.best.value) == ("sharpe", "maximize", 2.0)
    assert record.best.as_json()["values"] == {"sharpe": 2.0, "max_drawdown": 0.2}
    assert record.ranked() == list(record.front)
    assert selected_trial(record, "knee") == record
    assert selected_trial(record, "max_drawdown").best.number == 0
    assert selected_trial(record, "sharpe").best.number == 2
    with pytest.raises(InputError, match="no objective 'sharp'; did you mean 'sharpe'"):
        selected_trial(record, "sharp")


def test_nothing_is_picked_of_one_objective(study: optuna.Study):
    with pytest.raises(InputError, match="has one objective"):
        selected_trial(StudyRecord.of(study), "knee")


def test_the_time_of_a_trial_is_given_in_utc(study: optuna.Study):
    trial = StudyRecord.of(study).trials[0].as_json()
    assert trial["started"].endswith("+00:00")
    assert trial["state"] == "complete"
