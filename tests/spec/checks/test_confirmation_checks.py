"""Which studies can be confirmed on fresh seeds."""

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


def faults(confirm: Any, **settings: Any) -> dict[tuple[Any, ...], str]:
    study = {"study_name": "s", "parameters": [GAMMA], "confirm": confirm, **settings}
    return {path[2:]: message for path, message in validate_spec({"name": "x", "studies": [study]})[1]}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_study_that_cannot_be_confirmed_is_refused(kind: str) -> None:
    settings, message = REFUSED[kind]
    found = faults({}, **settings)
    assert list(found) == [("confirm",)]
    assert message in found["confirm",]
    assert "confirm: off" in found["confirm",]
    assert not faults("off", **settings)


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
