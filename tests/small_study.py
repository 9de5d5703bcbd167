"""A small study, its default configuration and its results."""

from collections.abc import Callable
from typing import Any

from fxai.protocol import JsonObject, ParamValue, TrialResult, TrialState
from fxai.search.asked_trial import AskedTrial
from fxai.search.study import Search
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter

PARAMETERS = (
    FloatParameter(name="rate", low=1e-5, high=1e-1, log=True),
    IntParameter(name="layers", low=1, high=4),
    CategoricalParameter(name="kind", choices=("a", "b")),
)
DEFAULTS: dict[str, ParamValue] = {"rate": 1e-3, "layers": 2, "kind": "b"}
FINGERPRINT: JsonObject = {"parameters": {"rate": {"low": 1e-5}}, "direction": "maximize"}
MEMORY = "sqlite:///:memory:"

Opener = Callable[..., Search]


def ask(search: Search) -> AskedTrial:
    """The next trial of a study that is not exhausted."""
    asked = search.ask()
    assert asked is not None
    return asked


def complete(asked: AskedTrial, value: Any = 0.5) -> TrialResult:
    return TrialResult(asked.number, TrialState.COMPLETE, seconds=1.0, value=value, metrics={"sharpe": value / 2})
