"""Which studies have a best trial that can be judged."""

from typing import Any

import pytest

from fxai.errors import InputError
from fxai.protocol import StudyIdentity
from fxai.results.record import StudyRecord
from fxai.spec.search.study import StudySpec
from fxai.study.committees import judged_study

GAMMA = {"name": "training.gamma", "type": "float", "low": 0.9, "high": 0.99}
GOALS = [{"metric": "sharpe", "direction": "maximize"}, {"metric": "turnover", "direction": "minimize"}]
EMPTY = StudyRecord("s", "maximize", "mean_reward", (), None)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "custom code": (
        {"objective": "a:b", "parameters": [{**GAMMA, "name": "g"}]},
        "applies to fx_trading and llm_signal",
    ),
    "objectives": ({"objectives": GOALS}, "needs a single objective"),
    "population": ({"search": {"type": "pbt", "population": 4}}, "a member of a population"),
    "no test split": ({"training_config": {"data": {"split": {"train": 0.8, "validation": None}}}}, "--data"),
}


def spec(**settings: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": "s", "parameters": [GAMMA], **settings})


@pytest.mark.parametrize("kind", REFUSED)
def test_a_study_that_cannot_be_judged_is_refused(kind: str) -> None:
    settings, message = REFUSED[kind]
    with pytest.raises(InputError, match=message):
        judged_study(spec(**settings), EMPTY, StudyIdentity(), on_test_split=True)


def test_a_study_without_a_completed_trial_is_refused() -> None:
    with pytest.raises(InputError, match="no trial has completed"):
        judged_study(spec(), EMPTY, StudyIdentity(), on_test_split=True)
