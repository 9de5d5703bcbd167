"""The warning about a reward with bonuses as a study's objective."""

from typing import Any

import pytest

from fxai.spec.checks.advice import advice
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec

GAMMA = FloatParameter(name="training.gamma", low=0.9, high=0.99)


def warnings(reward: dict[str, float], **fields: Any) -> list[str]:
    config = {"env": {"reward": reward}}
    study = StudySpec.model_validate(
        {"study_name": "s", "n_trials": 10, "parameters": [GAMMA], "training_config": config, **fields}
    )
    return [line for line in advice(study) if "bonuses for trades" in line]


@pytest.mark.parametrize(
    "name", ["activity_bonus_per_trade", "quick_profit_bonus_coefficient", "profit_closing_bonus_coefficient"]
)
def test_a_reward_with_a_bonus_is_warned_of(name: str) -> None:
    (line,) = warnings({name: 0.5})
    assert line.startswith(f"mean_reward includes bonuses for trades ({name} 0.5), which an agent can collect")


def test_a_score_that_holds_the_reward_is_warned_of_too() -> None:
    assert warnings({"activity_bonus_per_trade": 0.5}, score="sharpe + 0.1 * mean_reward", metric_name="score")


@pytest.mark.parametrize(
    ("reward", "fields"),
    [
        ({}, {}),
        ({"action_penalty_coefficient": 0.1}, {}),
        ({"activity_bonus_per_trade": 0.5}, {"metric_name": "total_return"}),
    ],
)
def test_a_return_or_a_reward_without_bonuses_is_not(reward: dict[str, float], fields: dict[str, Any]) -> None:
    assert not warnings(reward, **fields)
