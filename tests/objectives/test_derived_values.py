"""Values that functions derive from a trial's values, as Ray's `tune.sample_from` does."""

import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fxai.errors import InputError
from fxai.objectives.derived_values import DerivingEngine, derived_values
from fxai.protocol import TrialFailedError

PLACES = {
    "lr": "model_config.lr",
    "optimizer.decay": "model_config.optimizer.decay",
    "epochs": "training_config.n_epochs",
    "a": "model_config.a",
    "b": "model_config.b",
    "c": "training_config.c",
}
CONFIG: dict[str, Any] = {
    "engine": "x.Y",
    "model_config": {"lr": 0.5, "optimizer": {"decay": 0.25}, "layers": [8, 16]},
    "data_config": {"rows": 10},
    "training_config": {"n_epochs": 3},
}


def derived(functions: dict[str, Callable[..., Any]], seed: int = 1) -> dict[str, Any]:
    return derived_values(functions, PLACES, CONFIG, seed)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (lambda spec: spec.config.lr * 2, 1.0),
        (lambda spec: spec.config["lr"] * 2, 1.0),
        (lambda spec: spec["config"]["lr"] * 2, 1.0),
        (lambda config: config["lr"] * 2, 1.0),
        (lambda config: config.lr * 2, 1.0),
        (lambda spec: spec.config.optimizer.decay, 0.25),
        (lambda spec: spec.config["optimizer"]["decay"], 0.25),
        (lambda spec: spec.config["optimizer.decay"], 0.25),
        (lambda spec: spec.config.epochs, 3),
        (lambda spec: spec.config.training_config.n_epochs, 3),
        (lambda spec: spec.config.layers[-1], 16),
        (lambda spec: spec.config.get("missing", 7), 7),
        (lambda spec: getattr(spec.config, "missing", 7), 7),
        (lambda spec: "missing" in spec.config, False),
        (lambda spec: {**spec.config}["lr"], 0.5),
        (lambda: "none asked", "none asked"),
        (lambda _spec: None, None),
        (lambda _spec: [1, (2, {"x": True})], [1, [2, {"x": True}]]),
        (lambda _spec: np.float64(0.5), 0.5),
        (lambda _spec: np.arange(3), [0, 1, 2]),
        (lambda _spec: np.int64(2**40), 2**40),
    ],
)
def test_a_function_reads_the_values_and_its_result_is_plain(function: Callable[..., Any], value: object) -> None:
    found = derived({"a": function})
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize("names", ["abc", "cba", "bac"])
def test_functions_use_derived_values_in_any_order(names: str) -> None:
    functions: dict[str, Callable[..., Any]] = {
        "a": lambda spec: spec.config.lr + 1,
        "b": lambda spec: spec.config["a"] * 10,
        "c": lambda spec: spec.config.model_config.b + spec.config.a,
    }
    assert derived({name: functions[name] for name in names}) == {"a": 1.5, "b": 15.0, "c": 16.5}


def test_a_broad_except_does_not_catch_a_value_not_derived_yet() -> None:
    def careful(spec: Any) -> float:
        try:
            return float(spec.config.b)
        except Exception:  # noqa: BLE001 (what a user writes)
            return -1.0

    assert derived({"a": careful, "b": lambda: 4.0})["a"] == 4.0


def test_draws_depend_on_the_trials_seed_and_the_name() -> None:
    def draw(_spec: Any) -> list[float]:
        return [random.random(), float(np.random.uniform())]  # noqa: NPY002, S311 (what users of Ray write)

    def late(spec: Any) -> list[float]:
        drawn = draw(spec)
        assert spec.config.b  # not derived yet at the first call
        return drawn

    first = derived({"a": draw, "b": draw})
    assert derived({"a": draw, "b": draw}) == first
    assert derived({"a": late, "b": draw}) == first  # neither the order nor a second call changes a draw
    assert first["a"] != first["b"]
    assert derived({"a": draw}, seed=2)["a"] != first["a"]


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"a": lambda spec: spec.config.lrr}, r"sample_from of 'a' failed: .*'lrr'; did you mean 'lr'.*There are lr"),
        ({"a": lambda spec: spec.config["zz"]}, r"sample_from of 'a' failed: there is no value 'zz'\. There are lr"),
        ({"a": lambda spec: spec.config.lr / 0}, r"sample_from of 'a' failed: ZeroDivisionError"),
        ({"a": lambda _spec: exit(3)}, r"sample_from of 'a' failed: SystemExit: 3"),  # noqa: PLR1722
        ({"a": lambda _spec: object()}, r"sample_from of 'a' returned <object"),
        ({"a": lambda _spec: float("nan")}, r"sample_from of 'a' returned nan, which is not a finite number"),
        ({"a": lambda _spec: {1, 2}}, r"sample_from of 'a' returned \{1, 2\}"),
        ({"a": lambda spec: spec.config.b, "b": lambda spec: spec.config.a}, "each other: a needs b, b needs a"),
    ],
)
def test_a_failure_has_a_message_of_one_line(functions: dict[str, Callable[..., Any]], message: str) -> None:
    with pytest.raises(TrialFailedError, match=message) as told:
        derived(functions)
    assert len(str(told.value).splitlines()) == 1


def test_a_function_that_cannot_be_sent_to_a_worker_is_named() -> None:
    lock = threading.Lock()
    with pytest.raises(InputError, match=r"tune\.sample_from of 'a' cannot be sent to the workers.*lock"):
        DerivingEngine(object(), {"a": lambda _spec: lock.locked()}, PLACES)  # type: ignore[arg-type]
