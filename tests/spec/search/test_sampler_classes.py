"""The records of samplers and pruners against the classes of the Optuna that is installed."""

import inspect
from typing import Any, get_args

import optuna.pruners
import optuna.samplers
import pytest
from pydantic import ValidationError

from fxai.spec.fields.field_paths import records_in
from fxai.spec.fields.record import Record
from fxai.spec.search.pruners import HyperbandPruner, OptunaPruner, PatientPruner, SuccessiveHalvingPruner
from fxai.spec.search.samplers import CmaEsSampler, OptunaSampler

OURS = {
    ("TPESampler", "multivariate"),  # Optuna's None means true for one objective
    ("MedianPruner", "n_warmup_steps"),
    ("PercentilePruner", "n_warmup_steps"),
    ("ThresholdPruner", "n_warmup_steps"),
}
SAMPLERS = records_in(get_args(OptunaSampler)[0])
PRUNERS = records_in(get_args(OptunaPruner)[0])


def optuna_class(record: type[Record]) -> Any:
    return getattr(optuna.samplers, record.__name__, None) or getattr(optuna.pruners, record.__name__)


def test_every_class_of_the_issue_has_a_record() -> None:
    names = {record.__name__ for record in (*SAMPLERS, *PRUNERS)}
    assert names == {
        *("TPESampler", "RandomSampler", "CmaEsSampler", "GPSampler", "QMCSampler", "GridSampler"),
        *("BruteForceSampler", "NSGAIISampler", "NSGAIIISampler"),
        *("MedianPruner", "PercentilePruner", "SuccessiveHalvingPruner", "HyperbandPruner", "ThresholdPruner"),
        *("PatientPruner", "NopPruner"),
    }


@pytest.mark.parametrize("record", [*SAMPLERS, *PRUNERS], ids=lambda record: record.__name__)
def test_fields_are_optunas_arguments_with_optunas_defaults(record: type[Record]) -> None:
    arguments = inspect.signature(optuna_class(record)).parameters
    for name, field in record.model_fields.items():
        if name == "type":
            assert field.default == record.__name__
            continue
        assert name in arguments
        default = arguments[name].default
        if field.is_required():
            assert default is inspect.Parameter.empty
        elif default is not inspect.Parameter.empty and (record.__name__, name) not in OURS:
            assert field.default == default


@pytest.mark.parametrize(
    ("record", "arguments"),
    [
        (CmaEsSampler, {"lr_adapt": True, "with_margin": True}),
        (CmaEsSampler, {"use_separable_cma": True, "with_margin": True}),
        (SuccessiveHalvingPruner, {"bootstrap_count": 3}),
        (HyperbandPruner, {"bootstrap_count": 3}),
        (HyperbandPruner, {"reduction_factor": 1, "max_resource": 9}),
        (PatientPruner, {"patience": -1}),
    ],
)
def test_what_optuna_would_refuse_is_refused_here(record: type[Record], arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**arguments)
    wrapped = {"wrapped_pruner": None} if record is PatientPruner else {}
    pruner_or_sampler = optuna_class(record)
    if record is not HyperbandPruner or "bootstrap_count" in arguments:  # Hyperband meets its factor only in a study
        with pytest.raises(ValueError, match=r".+"):
            pruner_or_sampler(**arguments, **wrapped)
