from typing import Literal

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from fxai.results.sampled_study import sampled
from fxai.search import attributes


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.integers(1, 80), st.sampled_from(["minimize", "maximize"])
)
def test_few_trials_the_best_among_them_under_their_own_numbers(
    values: list[float], most: int, direction: Literal["minimize", "maximize"]
):
    study = optuna.create_study(direction=direction)
    study.add_trials([create_trial(value=value) for value in values])
    sample = sampled(study, most).get_trials()
    assert len(sample) <= most + 1
    numbers = [trial.number for trial in sample]
    assert study.best_value in [trial.value for trial in sample]
    assert numbers == sorted(set(numbers))
    assert all(trial.value == values[trial.number] for trial in sample)


def test_states_are_selected_and_attributes_left_out(study: optuna.Study):
    sample = sampled(study, 1000)
    assert len(sample.get_trials(states=(TrialState.PRUNED,))) == 3
    assert all(not trial.user_attrs for trial in sample.trials)
    assert study.trials[0].user_attrs  # the study itself is as it was


@pytest.mark.parametrize("most", [3, 26])
def test_it_answers_as_the_study_does(study: optuna.Study, most: int):
    sample = sampled(study, most)
    assert sample.study_name == "fx_ai_quick"
    assert sample.best_trial.number == study.best_trial.number


def test_copies_of_another_studys_trials_are_left_out(study: optuna.Study):
    copied = create_trial(value=100.0, user_attrs={attributes.TRANSFERRED: "first 3"})
    study.add_trial(copied)
    sample = sampled(study, 1000)
    assert len(sample.trials) == len(study.trials) - 1
    assert 100.0 not in [trial.value for trial in sample.trials]
