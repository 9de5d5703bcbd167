"""What a stored study is: by the fingerprint that the run of a spec stores."""

from types import SimpleNamespace
from typing import Any

import pytest

from fxai.search import attributes
from fxai.search.study_traits import StudyTraits
from fxai.spec.checks.study_parts import parts_of
from fxai.spec.checks.winner_checks import no_verdict
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec

GAMMA = {"name": "training.gamma", "type": "float", "low": 0.9, "high": 0.99}
GOALS = [{"metric": "sharpe", "direction": "maximize"}, {"metric": "turnover", "direction": "minimize"}]


def traits(**settings: Any) -> tuple[StudySpec, StudyTraits]:
    spec = StudySpec.model_validate({"study_name": "s", "parameters": [GAMMA], **settings})
    goals = spec.goals
    stored = SimpleNamespace(
        study_name="s",
        directions=[SimpleNamespace(name=goal.direction.upper()) for goal in goals],
        metric_names=[goal.metric for goal in goals],
        user_attrs={attributes.FINGERPRINT: fingerprint(spec), attributes.KEY: "k"},
    )
    return spec, StudyTraits.of(stored)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"objective": "a:b", "parameters": [{**GAMMA, "name": "g"}]},
        {"objective": {"function": "a:b", "returns": "positions"}, "parameters": [{**GAMMA, "name": "g"}]},
        {"objectives": GOALS},
        {"search": {"type": "pbt", "population": 4}},
        {"training_config": {"data": {"split": {"train": 0.8, "validation": None}}}},
        {"training_config": {"data": {"split": {"validation": 0.3}}}},
    ],
)
def test_a_stored_study_may_be_judged_where_its_spec_may(settings: dict[str, Any]) -> None:
    spec, found = traits(**settings)
    assert found.may_be_judged == (not any(no_verdict(parts_of(spec))))
    assert found.key == "k"


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({"metric_name": "sharpe"}, 0.0),
        ({"metric_name": "mean_reward"}, 0.0),
        ({"metric_name": "mean_reward", "training_config": {"env": {"reward": {"hold_penalty_per_step": 0.1}}}}, -0.1),
        (
            {
                "metric_name": "val_loss",
                "direction": "minimize",
                "training_config": {"env": {"reward": {"hold_penalty_per_step": 0.1}}},
            },
            0.1,
        ),
        ({"metric_name": "turnover", "direction": "minimize"}, None),
        (
            {
                "metric_name": "sharpe",
                "objective": {"function": "a:b", "returns": "positions"},
                "parameters": [{**GAMMA, "name": "g"}],
            },
            0.0,
        ),
        ({"metric_name": "sharpe", "objective": "a:b", "parameters": [{**GAMMA, "name": "g"}]}, None),
    ],
)
def test_what_doing_nothing_scores(settings: dict[str, Any], value: float | None) -> None:
    assert traits(**settings)[1].doing_nothing == value
