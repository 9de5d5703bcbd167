"""How a spec names samplers and pruners."""

from typing import Any

import pytest

from fxai.errors import SpecError
from fxai.spec.reading.load import spec_of
from fxai.spec.reading.override import override
from fxai.spec.search.class_names import CLASS_NAMES, SHORT_NAMES
from fxai.spec.search.pruners import MedianPruner, PatientPruner
from fxai.spec.search.samplers import ImportedSampler, TPESampler
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

BODY = "  parameters: {training.n_epochs: {type: randint, low: 2, high: 4}}\n"
NEEDED = {"percentile": ", percentile: 25", "threshold": ", lower: 0", "patient": ", patience: 2"}


def load(study: str = "") -> Spec:
    return spec_of(parse_yaml(f"name: x\nstudies:\n- study_name: s\n{BODY}{study}", "x.yaml"))


def study_with(line: str) -> StudySpec:
    return load(f"  {line}\n").studies[0]


def test_every_class_has_a_short_name() -> None:
    assert {kind: set(names.values()) for kind, names in SHORT_NAMES.items()} == {
        kind: set(names) for kind, names in CLASS_NAMES.items()
    }


@pytest.mark.parametrize("short", SHORT_NAMES["sampler"])
def test_samplers_by_short_names_in_any_case(short: str) -> None:
    name = SHORT_NAMES["sampler"][short]
    for written in (short, short.upper(), f"{{type: {short.title()}, seed: 3}}", f"optuna.samplers.{name}"):
        assert study_with(f"sampler: {written}").sampler.type == name
        assert override(load(), {"sampler": written}).studies[0].sampler.type == name
    (study,) = override(load(), {"sampler.seed": "4", "sampler.type": short}).studies
    assert study.sampler == type(study.sampler).model_validate({"seed": 4})


@pytest.mark.parametrize("short", SHORT_NAMES["pruner"])
def test_pruners_by_short_names_in_any_case(short: str) -> None:
    name = SHORT_NAMES["pruner"][short]
    assert study_with(f"pruner: {{type: {short.upper()}{NEEDED.get(short, '')}}}").pruner.type == name
    if short not in NEEDED:
        assert study_with(f"pruner: {short}").pruner.type == name
        assert override(load(), {"pruner": short}).studies[0].pruner.type == name


def test_a_wrapped_pruner_has_short_names_too() -> None:
    wrapped = study_with("pruner: {type: patient, patience: 2, wrapped_pruner: median}").pruner
    assert wrapped == PatientPruner(patience=2, wrapped_pruner=MedianPruner())


@pytest.mark.parametrize("path", ["my_code.search:Sampler", "my_code.search.Sampler", "optuna.samplers.PartialFixed"])
def test_an_import_path_takes_any_arguments_and_imports_nothing(path: str) -> None:
    arguments: dict[str, Any] = {"n_startup_trials": 30, "weights": [1, 2.5], "nested": {"a": None}}
    line = f"sampler: {{type: '{path}', n_startup_trials: 30, weights: [1, 2.5], nested: {{a: null}}}}"
    study = study_with(line)
    assert isinstance(study.sampler, ImportedSampler)
    assert study.sampler.model_extra == arguments
    assert study.max_running_trials == 30
    (same,) = override(load(f"  {line}\n"), {"sampler.n_startup_trials": "4"}).studies
    assert same.sampler.model_dump() == {"type": path, **arguments, "n_startup_trials": 4}
    assert override(load(), {"sampler": path}).studies[0].sampler == ImportedSampler(type=path)
    assert study_with(f"pruner: '{path}'").pruner.type == path
    assert study_with(f"sampler: {{type: '{path}', n_startup_trials: many}}").max_running_trials == 25


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("sampler: tpx", "unknown type 'tpx'; did you mean 'tpe'?"),
        ("sampler: asha", "unknown type 'asha'"),
        ("sampler: {type: tpe, seeed: 3}", "TPESampler has no argument 'seeed'; did you mean 'seed'?"),
        ("sampler: ':Class'", "':Class' is not the name of a class; write package.module:Class"),
        ("sampler: 'a b:Class'", "'a b:Class' is not the name of a class"),
        ("sampler: {seed: 3}", "needs the key type"),
        ("pruner: {type: 3}", "3"),
    ],
)
def test_what_names_no_class(line: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        study_with(line)
    assert fault in str(caught.value)
    assert [problem.line for problem in caught.value.problems] == [5]


def test_a_setting_that_names_no_class() -> None:
    with pytest.raises(SpecError, match=r"--set: sampler: unknown type 'tpx'"):
        override(load(), {"sampler": "tpx"})
    assert override(load(), {"sampler.n_startup_trials": "3", "sampler": "tpe"}).studies[0].sampler == TPESampler(
        n_startup_trials=3
    )
