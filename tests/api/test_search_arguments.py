"""How arguments of a call become keys of a spec."""

import numpy as np
import pytest

from fxai.api.config_sections import sections_of
from fxai.api.field_names import field_of
from fxai.api.ray_domains import is_domain, written
from fxai.api.search_settings import resources, search_settings
from fxai.api.search_space import constants_of, parameters_of, plain
from fxai.errors import InputError


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


def test_sections_stand_wherever_they_are_named() -> None:
    given = {
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
    assert plain(value) == {"a": 0.5, "b": [0, 1], "c": [1, 3]}


def test_schedulers_and_algorithms_by_their_names() -> None:
    def settings(algorithm: object, scheduler: object, trials: int = 50) -> dict:
        return search_settings(algorithm, scheduler, num_trials=trials)  # type: ignore[arg-type]

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


def test_rays_domains_mean_what_they_mean_in_ray() -> None:
    tune = pytest.importorskip("ray.tune")
    domains = {
        "loguniform": (tune.loguniform(1e-4, 1e-2), {"type": "loguniform", "low": 1e-4, "high": 1e-2}),
        "uniform": (tune.uniform(0, 1), {"type": "uniform", "low": 0, "high": 1}),
        "quniform": (tune.quniform(0, 1, 0.1), {"type": "quniform", "low": 0, "high": 1, "q": 0.1}),
        "choice": (tune.choice([32, 64]), {"type": "choice", "values": [32, 64]}),
        "grid": (tune.grid_search([1, 2]), {"type": "choice", "values": [1, 2]}),
        "randint": (tune.randint(1, 10), {"type": "randint", "low": 1, "high": 9}),  # Ray's upper end is left out
        "lograndint": (tune.lograndint(1, 100), {"type": "int_log", "low": 1, "high": 99}),
        "qrandint": (tune.qrandint(0, 10, 2), {"type": "qrandint", "low": 0, "high": 10, "q": 2}),
    }
    for name, (domain, meaning) in domains.items():
        assert is_domain(domain)
        assert written(name, domain) == meaning
    for domain in (tune.randn(), tune.qloguniform(1e-4, 1e-1, 1e-4), tune.sample_from(lambda: 1)):
        with pytest.raises(InputError):
            written("x", domain)
