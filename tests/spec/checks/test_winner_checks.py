"""Which studies can have their winner trained again: for a confirmation, and for a verdict."""

from typing import Any

import pytest

from fxai.spec.reading.validation import validate_spec
from fxai.spec.search.confirmation import Confirmation

GAMMA = {"name": "training.gamma", "kind": "float", "low": 0.9, "high": 0.99}
GOALS = [{"metric": "sharpe", "direction": "maximize"}, {"metric": "turnover", "direction": "minimize"}]
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "custom code": ({"objective": "a:b", "parameters": [{**GAMMA, "name": "g"}]}, "applies to fx_trading only"),
    "population": ({"search": {"type": "pbt", "population": 4}}, "cannot train a member of a population again"),
    "objectives": ({"objectives": GOALS}, "needs a single objective"),
}


def faults(value: Any, key: str = "confirm", **settings: Any) -> dict[tuple[Any, ...], str]:
    study = {"study_name": "s", "parameters": [GAMMA], key: value, **settings}
    return {path[2:]: message for path, message in validate_spec({"name": "x", "studies": [study]})[1]}


@pytest.mark.parametrize("key", ["confirm", "verdict"])
@pytest.mark.parametrize("kind", REFUSED)
def test_a_study_whose_winner_cannot_be_trained_again_is_refused(kind: str, key: str) -> None:
    settings, message = REFUSED[kind]
    found = faults({}, key, **settings)
    assert list(found) == [(key,)]
    assert message in found[key,]
    assert f"{key}: off" in found[key,]
    assert not faults("off", key, **settings)


def test_a_verdict_needs_a_test_split() -> None:
    split = {"data": {"split": {"train": 0.8, "validation": None}}}
    assert "needs a test split" in faults({}, "verdict", training_config=split)["verdict",]
    assert not faults({}, "confirm", training_config=split)


@pytest.mark.parametrize("off", ["off", False, None])
def test_a_confirmation_can_be_off(off: object) -> None:
    spec, found = validate_spec({"name": "x", "studies": [{"study_name": "s", "parameters": [GAMMA], "confirm": off}]})
    assert not found
    assert spec is not None
    assert spec.studies[0].confirm is None


def test_a_confirmation_has_defaults() -> None:
    spec, _ = validate_spec({"name": "x", "studies": [{"study_name": "s", "parameters": [GAMMA], "confirm": {}}]})
    assert spec is not None
    assert spec.studies[0].confirm == Confirmation(candidates=8, seeds=16, budget=0.3)


@pytest.mark.parametrize("wrong", [{"seeds": 1}, {"candidates": 0}, {"budget": 0}, {"seed": 3}, "on", 3])
def test_a_wrong_confirmation_is_refused(wrong: Any) -> None:
    found = faults(wrong)
    assert found
    assert all(path[0] == "confirm" for path in found)
