from typing import Any

import pytest

from fxai.spec.checks.advice import advice
from fxai.spec.search.study import StudySpec


def advice_on(*parameters: dict[str, Any], **fields: Any) -> tuple[str, ...]:
    return advice(StudySpec.model_validate({"study_name": "s", "parameters": parameters, **fields}))


def number(name: str, low: float, high: float, **fields: Any) -> dict[str, Any]:
    return {"kind": "float", "name": name, "low": low, "high": high, **fields}


def whole(name: str, low: int, high: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "int", "name": name, "low": low, "high": high, **fields}


def choice(name: str, *choices: Any) -> dict[str, Any]:
    return {"kind": "categorical", "name": name, "choices": choices}


@pytest.mark.parametrize(
    "parameter",
    [
        number("training.learning_rate", 1e-5, 1e-3, log=True),
        number("training.gamma", 0.95, 0.999),
        number("training.gamma", 0.98, 0.99),  # horizons of 50 to 100 steps
        number("training.gae_lambda", 0.9, 0.98),
        number("training.clip_epsilon", 0.1, 0.3),
        number("training.entropy_coef", 1e-5, 1e-1, log=True),
        number("model.dropout", 0.0, 0.3),
        whole("model.n_layers", 2, 3),
        choice("model.type", "mlp", "gru", "transformer"),
        choice("model.d_model", 64, 128),
    ],
)
def test_sound_ranges_draw_no_advice(parameter: dict[str, Any]) -> None:
    assert advice_on(parameter) == ()


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        (number("training.learning_rate", 1e-5, 1e-3), "on a linear scale"),
        (number("training.entropy_coef", 1e-6, 1e-1, log=True), "more than four decades"),
        (number("training.learning_rate", 2e-4, 3e-4, log=True), "a factor of two or less"),
        (number("training.learning_rate", 1e-4, 2e-4, log=True), "a factor of two or less"),
        (number("training.value_coef", 0.5, 0.5), "a single value"),
        (choice("model.d_model", 64), "a single choice"),
        (whole("training.total_updates", 50, 200), "a budget"),
        (choice("training.rollout_steps", 64, 128), "a budget"),
        (number("env.spread", 1e-5, 1e-3, log=True), "a cost of the market"),
        (number("env.swap_long_rate", 0.0, 1e-3), "a cost of the market"),
        (number("training.gamma", 0.9, 0.98), "the default 0.99 is outside the range; trial 0 uses 0.98"),
        (choice("model.d_model", 96, 256), "the default 64 is outside the range; trial 0 uses 96"),
        (
            choice("training.batch_size", 64, 4096),
            "4096 fails with the rest of training_config: batch_size 4096 is more",
        ),
        (whole("training.n_epochs", 2, 13, step=3), "high 13 is not a whole number of steps"),
    ],
)
def test_each_warning_names_its_parameter_and_reason(parameter: dict[str, Any], reason: str) -> None:
    found = [line for line in advice_on(parameter) if reason in line]
    assert len(found) == 1
    assert found[0].startswith(f"{parameter['name']}: ")


def test_ends_that_an_algorithm_cannot_train_draw_a_warning() -> None:
    replay = whole("training.buffer_size", 100, 100_000, log=True)
    lines = advice_on(replay, training_config={"training": {"algorithm": "dqn"}})
    assert len(lines) == 1
    assert lines[0].startswith("training.buffer_size: 100 fails with the rest of training_config: one rollout (16 envs")


def test_advice_about_the_study_as_a_whole() -> None:
    gamma, width = number("training.gamma", 0.95, 0.999), choice("model.d_model", 64, 128)
    assert "1 trials are too few to compare the effects of 2 parameters" in advice_on(gamma, width, n_trials=1)[0]
    assert (
        "CmaEsSampler draws categorical parameters at random: model.d_model"
        in advice_on(gamma, width, sampler={"type": "CmaEsSampler"})[0]
    )
    assert "direction: minimize" in advice_on(gamma, metric_name="max_drawdown")[0]
    assert advice_on(gamma, metric_name="max_drawdown", direction="minimize") == ()


def test_a_default_that_cannot_train_draws_a_warning() -> None:
    lines = advice_on(choice("model.n_heads", 3, 5), training_config={"model": {"type": "transformer"}})
    assert any(line.startswith("trial 0, the default configuration, fails: d_model 64") for line in lines)


def test_conditional_parameters_draw_a_warning_about_their_sampler() -> None:
    kind = choice("model.type", "mlp", "gru")
    depth = whole("model.n_layers", 1, 4, when={"model.type": ["mlp"]})
    (line,) = advice_on(kind, depth)
    assert line.startswith("TPESampler models each conditional parameter by itself: model.n_layers;")
    assert advice_on(kind, depth, sampler={"type": "TPESampler", "group": True}) == ()
    assert "draws conditional parameters at random" in advice_on(kind, depth, sampler={"type": "GPSampler"})[0]


def test_constraints_that_are_violated_by_default_or_constant_draw_a_warning() -> None:
    gamma = number("training.gamma", 0.95, 0.999)
    assert advice_on(gamma, constraints=["training.gamma <= 0.995"]) == ()
    (line,) = advice_on(gamma, constraints=["training.gamma <= 0.96"])
    assert line.startswith("trial 0, the default configuration, breaks the constraint 'training.gamma <= 0.96'")
    (line,) = advice_on(gamma, constraints=["training.batch_size <= 64"])
    assert "names no searched parameter" in line
    (line,) = advice_on(gamma, constraints=["training.gamma <= 0.995"], sampler={"type": "QMCSampler"})
    assert line == "QMCSampler does not model constraints; trials that break them are only skipped"


def test_sizes_that_widths_replace_draw_a_warning() -> None:
    by_layer = {"training_config": {"model": {"widths": (8, 8)}}}
    for name in ("model.d_model", "model.n_layers"):
        (line,) = advice_on(choice(name, 2, 64), **by_layer)[:1]
        assert line == f"{name}: no effect, because training_config.model.widths sets the width of each layer"
    types = advice_on(choice("model.type", "mlp", "gru"), **by_layer)
    assert types == ("model.type: gru fails with the rest of training_config: " + types[0].partition("config: ")[2],)
    assert "widths applies to type mlp only" in types[0]


def test_an_embargo_shorter_than_the_windows_draws_a_warning() -> None:
    window = whole("env.observation_window", 4, 32)
    short = {"data": {"split": {"embargo_bars": 150}}}
    (line,) = advice_on(window, training_config=short)
    assert line.startswith("data.split.embargo_bars is 150, and an observation depends on up to 151 bars before")
    assert not advice_on(window, training_config={"data": {"split": {"embargo_bars": 151}}})
    assert not advice_on(window)
