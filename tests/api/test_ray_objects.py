"""Ray's search algorithms and schedulers as objects, by class name and attributes; Ray's own where it is installed."""

import contextlib
import importlib
from typing import Any

import pytest
from optuna.samplers import TPESampler

from fxai.api.search_settings import search_settings
from fxai.errors import InputError


def ray_object(name: str, **attributes: Any) -> Any:
    """An object that is like Ray's in its class name and in how it keeps its arguments."""
    found = type(name, (), {})()
    for attribute, value in attributes.items():
        setattr(found, f"_{attribute}", value)
    return found


def settings(algorithm: Any = None, scheduler: Any = None, **given: Any) -> dict[str, Any]:
    return search_settings(algorithm, scheduler, **{"num_trials": 50, **given})


def test_search_algorithms() -> None:
    assert settings(ray_object("OptunaSearch", seed=4)) == {"sampler": {"type": "tpe", "seed": 4}}
    search = ray_object(
        "OptunaSearch", sampler=TPESampler(seed=3, n_startup_trials=2), points_to_evaluate=[{"lr": 0.1}]
    )
    found = settings(search)
    assert found["sampler"].items() >= {"type": "TPESampler", "n_startup_trials": 2, "seed": 3}.items()
    assert found["enqueue"] == [{"lr": 0.1}]
    limited = ray_object("ConcurrencyLimiter", searcher=search, max_concurrent=3)
    assert settings(limited) == {**found, "max_concurrent_trials": 3}
    assert settings(limited, max_concurrent_trials=2)["max_concurrent_trials"] == 2
    assert settings(ray_object("BasicVariantGenerator", max_concurrent=0)) == {"sampler": "random"}


def test_schedulers() -> None:
    asha = ray_object("ASHAScheduler", grace_period=5, reduction_factor=3, max_t=100)
    assert settings(scheduler=asha) == {"pruner": {"type": "asha", "min_resource": 5, "reduction_factor": 3}}
    asha._brackets = 2
    assert settings(scheduler=asha)["pruner"]["type"] == "hyperband"
    median = ray_object("MedianStoppingRule", time_attr="training_iteration", grace_period=4.0, min_samples_required=2)
    assert settings(scheduler=median) == {
        "pruner": {"type": "median", "n_startup_trials": 2, "n_min_trials": 2, "n_warmup_steps": 4}
    }
    assert settings(scheduler=ray_object("FIFOScheduler")) == {"pruner": "none"}
    pbt = ray_object(
        "PopulationBasedTraining",
        time_attr="training_iteration",
        perturbation_interval=5,
        quantile_fraction=0.5,
        resample_probability=0.1,
        perturbation_factors=(1.3, 0.7),
    )
    assert settings("optuna", pbt, num_trials=4) == {
        "search": {
            "type": "pbt",
            "population": 4,
            "quantile": 0.5,
            "resample_probability": 0.1,
            "perturbation": [1.3, 0.7],
            "ready_interval": 5,
        }
    }


@pytest.mark.parametrize(
    ("algorithm", "scheduler", "message"),
    [
        (ray_object("NevergradSearch"), None, "not accept NevergradSearch.*OptunaSearch"),
        (None, ray_object("PB2"), "not accept PB2.*PopulationBasedTraining"),
        (object(), None, "not accept object"),
        (ray_object("OptunaSearch", space={"lr": 1}), None, "param_space"),
        (ray_object("OptunaSearch", evaluated_rewards=[1]), None, "evaluated_rewards"),
        (None, ray_object("PopulationBasedTraining", custom_explore_fn=len), "custom_explore_fn"),
        (None, ray_object("ASHAScheduler", time_attr="time_total_s"), "counts time_total_s"),
        (None, ray_object("MedianStoppingRule", time_attr="time_total_s", grace_period=30), "grace_period=30"),
        (None, ray_object("ASHAScheduler", reduction_factor=2.5), "whole number"),
        (None, ray_object("ASHAScheduler", metric="val_loss", mode="max"), "mode 'max', the call 'min'"),
        (ray_object("OptunaSearch", metric="score"), None, "metric 'score', the call 'val_loss'"),
        (type(ray_object("OptunaSearch")), None, "give an object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_over_is_refused(algorithm: Any, scheduler: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        settings(algorithm, scheduler, goal=("val_loss", "min"))


def test_objects_of_ray_itself_give_the_same_settings() -> None:
    schedulers = pytest.importorskip("ray.tune.schedulers", reason="needs Ray: `poetry install --with peers`")
    asha = schedulers.ASHAScheduler(grace_period=5, reduction_factor=3, max_t=100, metric="val_loss", mode="min")
    assert settings(scheduler=asha, goal=("val_loss", "min")) == {
        "pruner": {"type": "asha", "min_resource": 5, "reduction_factor": 3}
    }
    assert settings(scheduler=schedulers.ASHAScheduler()) == {
        "pruner": {"type": "asha", "min_resource": 1, "reduction_factor": 4}
    }
    assert settings(scheduler=schedulers.ASHAScheduler(brackets=2, grace_period=2))["pruner"]["max_resource"] == 100
    hyperband = {"type": "hyperband", "max_resource": 81, "reduction_factor": 3}
    assert settings(scheduler=schedulers.HyperBandScheduler()) == {"pruner": hyperband}
    median = {"type": "median", "n_startup_trials": 3, "n_min_trials": 3}
    assert settings(scheduler=schedulers.MedianStoppingRule()) == {"pruner": median}
    assert settings(scheduler=schedulers.FIFOScheduler()) == {"pruner": "none"}
    space = {"lr": [1, 2]}
    pbt = schedulers.PopulationBasedTraining(hyperparam_mutations=space)
    assert settings(scheduler=pbt)["search"].keys() == {
        "type", "population", "quantile", "resample_probability", "perturbation"
    }  # fmt: skip
    search = importlib.import_module("ray.tune.search")
    assert settings(search.BasicVariantGenerator(max_concurrent=2)) == {"sampler": "random", "max_concurrent_trials": 2}
    with contextlib.suppress(ImportError):
        optuna_search = importlib.import_module("ray.tune.search.optuna").OptunaSearch(
            metric="val_loss", mode="min", seed=3
        )
        assert settings(optuna_search, goal=("val_loss", "min")) == {"sampler": {"type": "tpe", "seed": 3}}
