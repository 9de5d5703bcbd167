"""The schedule of a trial, along the lineage of its weights."""

import pytest

from fxai.results.record import TrialRecord
from fxai.results.training.schedule import schedule_of
from fxai.search.pbt_history import Change, Exploit
from fxai.search.stored_trial import StoredState
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.study import StudySpec

SPEC = StudySpec(
    study_name="s",
    parameters=(
        FloatParameter(name="lr", path="training.learning_rate", low=1e-5, high=1.0, log=True),
        FloatParameter(name="model.dropout", low=0.0, high=0.5, when={"model.d_model": (32,)}),
        CategoricalParameter(name="model.d_model", choices=(32, 64)),
    ),
    search=PopulationSearch(ready_interval=10),
)


def exploit(step: int, donor: int, before: float, after: float) -> Exploit:
    return Exploit(step, donor, {"lr": before}, {"lr": after}, {"lr": Change.PERTURBED})


def trial(number: int, rate: float, *lineage: Exploit) -> TrialRecord:
    return TrialRecord(number, StoredState.COMPLETE, 0.0, {"lr": rate}, seed=100 + number, exploits=lineage)


# 0 takes over from 1 at 10, 2 from 0 at 20, and 0 from 2 at 30; 1 takes over from 0 at 20, which nobody inherits.
TRIALS = (
    trial(0, 0.5, exploit(10, 1, 0.1, 0.25), exploit(30, 2, 0.25, 0.5)),
    trial(1, 0.9, exploit(20, 0, 0.2, 0.9)),
    trial(2, 0.4, exploit(20, 0, 0.3, 0.4)),
    trial(3, 0.7),
)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, [(0, 1, 0.2), (10, 0, 0.25), (20, 2, 0.4), (30, 0, 0.5)]),
        (1, [(0, 1, 0.2), (10, 0, 0.25), (20, 1, 0.9)]),
        (2, [(0, 1, 0.2), (10, 0, 0.25), (20, 2, 0.4)]),
        (3, []),
    ],
)
def test_it_follows_the_weights(number: int, expected: list[tuple[int, int, float]]) -> None:
    found = schedule_of(SPEC, TRIALS, number)
    assert [(each.from_step, each.trial, each.params["training.learning_rate"]) for each in found] == expected
    assert all(each.seed == 100 + each.trial for each in found)


def test_it_has_every_varying_field_and_none_that_shapes_a_network() -> None:
    for segment in schedule_of(SPEC, TRIALS, 0):
        assert segment.params.keys() == {"training.learning_rate", "model.dropout"}
        assert segment.params["model.dropout"] == SPEC.training_config.model.dropout  # it did not exist there
