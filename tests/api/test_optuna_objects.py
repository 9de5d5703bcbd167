"""Optuna's samplers and pruners as objects, in a spec's words."""

from typing import Any

import optuna
import pytest
from optuna.pruners import (
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    ThresholdPruner,
    WilcoxonPruner,
)
from optuna.samplers import (
    BruteForceSampler,
    CmaEsSampler,
    GPSampler,
    GridSampler,
    NSGAIIISampler,
    NSGAIISampler,
    PartialFixedSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

from fxai.api.optuna_objects import is_object_of, spec_entry
from fxai.api.study_spec import study_of
from fxai.errors import InputError
from fxai.search.pruners import build_pruner

pytestmark = pytest.mark.filterwarnings("ignore")
PARAMETERS = {"parameters": {"training.n_epochs": {"type": "randint", "low": 1, "high": 4}}}


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (TPESampler, {}),
        (TPESampler, {"n_startup_trials": 3, "multivariate": False, "constant_liar": False, "seed": 42}),
        (RandomSampler, {"seed": 7}),
        (CmaEsSampler, {"popsize": 8, "with_margin": True, "seed": 2**32 - 1}),
        (GPSampler, {"deterministic_objective": True, "n_startup_trials": 4}),
        (QMCSampler, {"qmc_type": "halton", "scramble": True, "seed": 5}),
        (BruteForceSampler, {"avoid_premature_stop": True}),
        (NSGAIISampler, {"population_size": 10, "mutation_prob": 0.3, "swapping_prob": 0.1}),
        (NSGAIIISampler, {"dividing_parameter": 5, "crossover_prob": 0.8}),
    ],
)
def test_a_sampler_keeps_its_arguments(make: Any, arguments: dict[str, Any]) -> None:
    sampler = make(**arguments)
    assert is_object_of("sampler", sampler)
    record = study_of({**PARAMETERS, "sampler": spec_entry("sampler", sampler)}, "test").sampler
    assert record.type == make.__name__
    assert {name: getattr(record, name) for name in arguments} == arguments
    assert record.seed == arguments.get("seed")


@pytest.mark.parametrize(
    "pruner",
    [
        MedianPruner(n_startup_trials=3, n_warmup_steps=2),
        PercentilePruner(25.0, interval_steps=3),
        SuccessiveHalvingPruner(),
        SuccessiveHalvingPruner(min_resource=3, reduction_factor=2),
        HyperbandPruner(max_resource=20),
        ThresholdPruner(lower=-1.5),
        NopPruner(),
        PatientPruner(MedianPruner(n_min_trials=2), patience=4, min_delta=0.1),
    ],
    ids=lambda pruner: type(pruner).__name__,
)
def test_a_pruner_is_the_same_again(pruner: optuna.pruners.BasePruner) -> None:
    record = study_of({**PARAMETERS, "pruner": spec_entry("pruner", pruner)}, "test").pruner
    again = build_pruner(record)
    assert isinstance(again, type(pruner))
    assert vars(again).keys() >= vars(pruner).keys()
    for name, value in vars(pruner).items():
        if not isinstance(value, optuna.pruners.BasePruner):
            assert vars(again)[name] == value


def test_a_class_has_the_defaults() -> None:
    assert spec_entry("sampler", TPESampler) == {"type": "TPESampler"}
    assert spec_entry("pruner", NopPruner) == {"type": "NopPruner"}


class Mine(TPESampler):
    """A sampler of the user's own."""


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("sampler", TPESampler(gamma=lambda _n: 2), "gamma"),
        ("sampler", TPESampler(constraints_func=lambda _t: (0.0,)), "constraints_func"),
        ("sampler", NSGAIISampler(crossover=optuna.samplers.nsgaii.BLXAlphaCrossover()), "crossover"),
        ("sampler", CmaEsSampler(independent_sampler=TPESampler()), "independent_sampler"),
        ("sampler", GridSampler({"a": [1]}), "grid"),
        ("sampler", PartialFixedSampler({}, TPESampler()), "PartialFixedSampler"),
        ("sampler", Mine(), "test_optuna_objects.Mine"),
        ("pruner", WilcoxonPruner(), "WilcoxonPruner"),
    ],
    ids=lambda value: getattr(type(value), "__name__", value),
)
def test_what_a_spec_cannot_hold_is_refused_by_name(kind: str, value: object, message: str) -> None:
    assert is_object_of(kind, value)
    with pytest.raises(InputError, match=message):
        spec_entry(kind, value)
