"""Presets in a file and on the command line."""

from pathlib import Path
from typing import Any

import pytest

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.reading.hpo_file import hpo_file
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.override import override
from fxai.spec.reading.presets import shipped_preset
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner
from fxai.spec.search.samplers import RandomSampler, TPESampler
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

BODY = "  parameters: {training.gamma: {type: uniform, low: 0.9, high: 0.99}}\n"


def load(top: str = "", study: str = "") -> Spec:
    return spec_of(parse_yaml(f"name: x\n{top}studies:\n- study_name: s\n{BODY}{study}", "x.yaml"))


def searched(study: StudySpec) -> tuple[int, Any, Any]:
    return study.n_trials, type(study.sampler), type(study.pruner)


SHIPPED = {
    "quick_test": (5, RandomSampler, MedianPruner),  # only the number of trials
    "standard": (50, TPESampler, SuccessiveHalvingPruner),
    "extensive": (200, RandomSampler, NopPruner),  # in populations
    "production": (100, TPESampler, MedianPruner),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_ones_at_the_top_in_a_study_and_on_the_command_line(name: str) -> None:
    plain = load() if name != "quick_test" else load(study="  sampler: random\n")
    sampler = "" if name != "quick_test" else "  sampler: random\n"
    in_study = load(study=f"  preset: {name}\n{sampler}")
    assert load(f"preset: {name}\n", sampler) == in_study == override(plain, {"preset": name})
    (study,) = in_study.studies
    assert searched(study) == SHIPPED[name]
    assert study.preset == name


def test_all_that_are_shipped_are_presets() -> None:
    assert set(hpo_file().experiments) == set(SHIPPED)
    assert all(shipped_preset(name) for name in SHIPPED)


def test_keys_of_the_file_override_its_preset() -> None:
    (study,) = load("preset: standard\nmax_concurrent_trials: 3\n", "  n_trials: 7\n  sampler: random\n").studies
    assert searched(study) == (7, RandomSampler, SuccessiveHalvingPruner)
    (own,) = load("preset: standard\n", "  preset: production\n").studies
    assert searched(own) == SHIPPED["production"]


def test_flags_override_the_file_and_other_flags_override_preset_flags() -> None:
    spec = load(study="  n_trials: 7\n  sampler: {type: TPESampler, n_startup_trials: 3}\n  pruner: none\n")
    (study,) = override(spec, {"preset": "standard"}).studies
    assert searched(study) == SHIPPED["standard"]
    settings = {"n_trials": "9", "sampler.n_startup_trials": "4", "pruner": "median", "preset": "standard"}
    (further,) = override(spec, settings).studies
    assert searched(further) == (9, TPESampler, MedianPruner)
    assert further.sampler == TPESampler(n_startup_trials=4)


def test_the_presets_of_a_spec_go_before_the_shipped_ones() -> None:
    top = "presets:\n  standard: {n_trials: 12, sampler: random, seeds_per_trial: 2}\n  slow: {timeout: 60}\n"
    (study,) = load(f"{top}preset: standard\n").studies
    assert (*searched(study), study.seeds_per_trial) == (12, RandomSampler, MedianPruner, 2)
    (slow,) = override(load(top), {"preset": "slow"}).studies
    assert (slow.timeout, slow.n_trials) == (60, 100)


def test_a_preset_overrides_the_extended_file(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(f"name: x\nstudies:\n- study_name: s\n{BODY}  n_trials: 7\n  sampler: gp\n")
    (tmp_path / "child.yaml").write_text("extends: base\npreset: mine\npresets: {mine: {n_trials: 3}}\n")
    assert load_spec(tmp_path / "child.yaml").studies[0].n_trials == 3
    (tmp_path / "grandchild.yaml").write_text("extends: child\nstudies: [{preset: mine, study_name: t}]\n")
    (study,) = load_spec(tmp_path / "grandchild.yaml").studies
    assert (study.n_trials, study.sampler.type) == (3, "GPSampler")


def test_extensive_is_populations() -> None:
    spec = load(study="  sampler: tpe\n  pruner: median\n")
    for made in (load("preset: extensive\n"), override(spec, {"preset": "extensive"})):
        (study,) = made.studies
        assert study.search == PopulationSearch(population=20)
        assert advice(study) == ()
    with pytest.raises(SpecError, match="draws only the first parameters of members"):
        load("preset: extensive\n", "  sampler: tpe\n")


def test_a_preset_may_change_on_resume() -> None:
    assert fingerprint(load().studies[0]) == fingerprint(load("preset: standard\n").studies[0])


@pytest.mark.parametrize(
    ("top", "study", "fault"),
    [
        ("", "  preset: standrd\n", "5: preset: there is no preset 'standrd'; did you mean 'standard'? Known: quick_"),
        ("presets: {mine: {}}\npreset: x\n", "", "3: preset: there is no preset 'x'. Known: mine, quick_test, standa"),
        ("preset: [a]\n", "", "2: preset: there is no preset ['a']. Known: "),
        ("prest: a\n", "", "2: prest: unknown key; did you mean 'preset'?"),
        ("presets: {mine: {n_trial: 3}}\n", "", "2: presets.mine.n_trial: unknown key; did you mean 'n_trials'?"),
        ("presets: {mine: {n_trials: 0}}\npreset: mine\n", "", "2: presets.mine.n_trials: must be greater than"),
        ("presets: {mine: {sampler: tpf}}\n", "", "2: presets.mine.sampler: unknown type 'tpf'"),
        ("presets: {mine: 3}\n", "", "2: presets.mine: must be a mapping, not 3"),
    ],
)
def test_what_is_no_preset(top: str, study: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(top, study)
    assert str(caught.value).startswith(f"x.yaml:{fault}")
    assert len(caught.value.problems) == 1


def test_a_flag_that_names_none() -> None:
    with pytest.raises(SpecError, match=r"--set: preset: there is no preset 'standrd'; did you mean 'standard'\?"):
        override(load(), {"preset": "standrd"})
