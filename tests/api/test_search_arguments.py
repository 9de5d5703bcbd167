"""How arguments of a call become keys of a spec."""

import math
from typing import Any

import numpy as np
import pytest

from fxai.api.config_sections import places_of, sections_of
from fxai.api.field_names import field_of
from fxai.api.ray_domains import is_domain, spec_entry
from fxai.api.search_settings import resources, search_settings
from fxai.api.search_space import constants_of, json_value, parameters_of
from fxai.errors import InputError
from fxai.spec.search.translate_parameter import translate_parameter


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("training.gamma", "training.gamma"),
        ("gamma", "training.gamma"),
        ("lr", "training.learning_rate"),
        ("hidden_size", "model.d_model"),
        ("n_steps", "training.rollout_steps"),
        ("clip_range", "training.clip_epsilon"),
        ("hyperparameters.learning_rate", "training.learning_rate"),
        ("hyperparameters.ent_coef", "training.entropy_coef"),
        ("model.layers.hidden_units", "model.d_model"),
        ("pnl_coefficient", "env.reward.pnl_coefficient"),
        ("mine", "model.n_layers"),
        ("nobody", "nobody"),
    ],
)
def test_a_name_means_a_field(name: str, path: str) -> None:
    assert field_of(name, "ppo", {"mine": "model.n_layers"}) == path


def test_nested_sections_and_fields_are_found() -> None:
    given: dict[str, dict[str, Any]] = {
        "model": {"d_model": 8, "hyperparameters": {"lr": 0.1}},
        "training": {"total_updates": 5, "env": {"reward": {"pnl_coefficient": 2.0}}},
        "data": {"source": "eurusd_1h"},
        "env": {"max_episode_steps": 16, "pnl_coefficient": 3.0},
    }
    assert sections_of(given) == {
        "model": {"d_model": 8},
        "training": {"learning_rate": 0.1, "total_updates": 5},
        "env": {"reward": {"pnl_coefficient": 3.0}, "max_episode_steps": 16},
        "data": {"source": "eurusd_1h"},
    }
    assert given["training"]["env"] == {"reward": {"pnl_coefficient": 2.0}}  # the caller's stays as it is


def test_a_nested_model_config_has_its_fields_and_their_places() -> None:
    model = {"hyperparameters": {"learning_rate": 0.1}, "model": {"type": "mlp", "layers": {"hidden_units": 8}}}
    assert sections_of({"model": model}) == {
        "training": {"learning_rate": 0.1},
        "model": {"type": "mlp", "d_model": 8},
    }
    places = places_of("model", {**model, "n_layers": 1})
    assert places["model.d_model"] == ("model", "layers", "hidden_units")
    assert places["training.learning_rate"] == ("hyperparameters", "learning_rate")
    assert places["model.n_layers"] == ("n_layers",)
    # what FxAI does not know stays for the check to name
    assert sections_of({"model": {"layers": {"units": 8}}}) == {"model": {"layers": {"units": 8}}}


def test_a_section_must_be_a_mapping() -> None:
    with pytest.raises(InputError, match="model_config: training is a section"):
        sections_of({"model": {"training": 3}})


def test_plain_values_are_the_same_for_all_trials() -> None:
    space = {"lr": {"type": "uniform", "low": 0, "high": 1}, "steps": 5}
    assert constants_of(space) == {"steps": 5}
    assert parameters_of(space, {"lr": "training.learning_rate", "steps": "x"}) == {
        "lr": {"type": "uniform", "low": 0, "high": 1, "path": "training.learning_rate"}
    }


def test_numpy_values_become_plain() -> None:
    value = {"a": np.float64(0.5), "b": np.arange(2), "c": (1, np.int64(3))}
    assert json_value(value) == {"a": 0.5, "b": [0, 1], "c": [1, 3]}


def test_schedulers_and_algorithms_by_their_names() -> None:
    def settings(algorithm: object, scheduler: object, trials: int = 50) -> dict[str, Any]:
        return search_settings(algorithm, scheduler, num_trials=trials)

    assert settings(None, None) == {}
    assert settings("optuna", "asha") == {"sampler": "tpe", "pruner": "asha"}
    assert settings("random", "fifo") == {"sampler": "random", "pruner": "none"}
    assert settings("optuna", "pbt") == {"search": {"type": "pbt", "population": 8}}
    assert settings(None, {"type": "pbt", "population": 4}, 3)["search"]["population"] == 4
    assert settings("cmaes", "pbt", 2)["sampler"] == "cmaes"  # which the check refuses


def test_resources_of_a_trial() -> None:
    assert resources({"cpu": 2, "gpu": 0.5}) == {
        "resources": {"cpu": 2, "lanes_per_worker": None},
        "gpu_per_trial": 0.5,
    }
    assert resources({"cpu": 0.5})["resources"]["cpu"] == 1
    assert resources({"gpu": 0})["gpu_per_trial"] == 0


def test_domains_have_the_same_ranges_as_in_ray() -> None:
    tune = pytest.importorskip("ray.tune", reason="needs Ray: `poetry install --with peers`")
    _check_meanings(tune)


def test_domains_are_known_without_ray() -> None:
    _check_meanings(_LikeRay())


def _check_meanings(tune: Any) -> None:
    domains = {
        "loguniform": (tune.loguniform(1e-4, 1e-2), {"type": "loguniform", "low": 1e-4, "high": 1e-2}),
        "uniform": (tune.uniform(0, 1), {"type": "uniform", "low": 0, "high": 1}),
        "quniform": (tune.quniform(0, 1, 0.1), {"type": "quniform", "low": 0, "high": 1, "q": 0.1}),
        "qlog": (tune.qloguniform(1e-4, 1e-1, 1e-4), {"type": "qloguniform", "low": 1e-4, "high": 1e-1, "q": 1e-4}),
        "choice": (tune.choice([32, 64]), {"type": "choice", "values": [32, 64]}),
        "grid": (tune.grid_search([1, 2]), {"type": "grid_search", "values": [1, 2]}),
        "randint": (tune.randint(1, 10), {"type": "randint", "low": 1, "high": 9}),  # Ray's upper end is left out
        "lograndint": (tune.lograndint(1, 100), {"type": "lograndint", "low": 1, "high": 99}),
        "qrandint": (tune.qrandint(0, 10, 2), {"type": "qrandint", "low": 0, "high": 10, "q": 2}),
        "qlograndint": (tune.qlograndint(2, 64, 2), {"type": "qlograndint", "low": 2, "high": 64, "q": 2}),
        "randn": (tune.randn(10, 2), {"type": "randn", "mean": 10, "sd": 2}),
        "qrandn": (tune.qrandn(10, 2, 0.2), {"type": "qrandn", "mean": 10, "sd": 2, "q": 0.2}),
    }
    for name, (domain, meaning) in domains.items():
        assert is_domain(domain)
        assert spec_entry(name, domain) == meaning
        assert translate_parameter(meaning).faults == ()
    with pytest.raises(InputError, match=r"x: tune\.sample_from is for a training engine of your own"):
        spec_entry("x", tune.sample_from(lambda: 1))


class _LikeRay:
    """`ray.tune` as far as its domains show themselves: attributes and class names of Ray 2.60's `search/sample.py`."""

    def _domain(self, kind: str, sampler: str, quantum: float | None = None, **shown: Any) -> Any:
        inner = type(sampler, (), {key: shown.pop(key) for key in ("mean", "sd", "base") if key in shown})()
        outer = inner if quantum is None else type("Quantized", (), {"sampler": inner, "q": quantum})()
        return type(kind, (), {"__module__": "ray.tune.search.sample", "sampler": outer, **shown})()

    def uniform(self, lower: float, upper: float) -> Any:
        return self._domain("Float", "_Uniform", lower=lower, upper=upper)

    def quniform(self, lower: float, upper: float, q: float) -> Any:
        return self._domain("Float", "_Uniform", q, lower=lower, upper=upper)

    def loguniform(self, lower: float, upper: float) -> Any:
        return self._domain("Float", "_LogUniform", lower=lower, upper=upper, base=10)

    def qloguniform(self, lower: float, upper: float, q: float) -> Any:
        return self._domain("Float", "_LogUniform", q, lower=lower, upper=upper, base=10)

    def randint(self, lower: int, upper: int) -> Any:
        return self._domain("Integer", "_Uniform", lower=lower, upper=upper)

    def qrandint(self, lower: int, upper: int, q: int) -> Any:
        return self._domain("Integer", "_Uniform", q, lower=lower, upper=upper)

    def lograndint(self, lower: int, upper: int) -> Any:
        return self._domain("Integer", "_LogUniform", lower=lower, upper=upper, base=10)

    def qlograndint(self, lower: int, upper: int, q: int) -> Any:
        return self._domain("Integer", "_LogUniform", q, lower=lower, upper=upper, base=10)

    def randn(self, mean: float, sd: float) -> Any:
        return self._domain("Float", "_Normal", lower=-math.inf, upper=math.inf, mean=mean, sd=sd)

    def qrandn(self, mean: float, sd: float, q: float) -> Any:
        return self._domain("Float", "_Normal", q, lower=-math.inf, upper=math.inf, mean=mean, sd=sd)

    def choice(self, categories: list[Any]) -> Any:
        return self._domain("Categorical", "_Uniform", categories=categories)

    def sample_from(self, func: Any) -> Any:
        return type("Function", (), {"__module__": "ray.tune.search.sample", "func": staticmethod(func)})()

    def grid_search(self, values: list[Any]) -> Any:
        return {"grid_search": values}
