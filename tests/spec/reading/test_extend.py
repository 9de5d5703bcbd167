"""Specs that extend others."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fxai.errors import SpecError
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.merge import merge_parameters
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.source_node import plain_value, source_node, source_of
from fxai.spec.yaml.yaml_source import parse_yaml

BASE = """\
name: base
seed: 3
param_mapping: {lr: training.learning_rate}
studies:
  - study_name: first
    n_trials: 40
    sampler: {type: TPESampler, n_startup_trials: 7}
    pruner: MedianPruner
    parameters:
      - {name: lr, type: float_log, low: 1e-4, high: 1e-2}
      - {name: training.clip_epsilon, type: float, low: 0.1, high: 0.3}
    training_config:
      training: {total_updates: 50, n_epochs: 3}
      model: {d_model: 32}
  - study_name: second
    parameters: {training.gamma: {type: float, low: 0.9, high: 0.99}}
"""


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)


def load(folder: Path, child: str) -> Spec:
    write(folder, base=BASE, child=child)
    return load_spec(folder / "child.yaml")


def study_of(folder: Path, body: str) -> StudySpec:
    return load(folder, f"extends: base\nstudies:\n- study_name: mine\n  extends: first\n{body}").studies[0]


def fault_of(folder: Path, child: str) -> str:
    with pytest.raises(SpecError) as caught:
        load(folder, child)
    assert caught.value.source == str(folder / "child.yaml")
    (problem,) = caught.value.problems
    return f"{problem.line}: {problem.key}: {problem.message}"


def test_a_file_that_changes_nothing_is_its_base(tmp_path: Path) -> None:
    assert load(tmp_path, "extends: base\n") == load_spec(tmp_path / "base.yaml")


def test_a_shipped_spec_is_extended_by_name_and_another_by_its_path_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path, "extends: quick_search\n") == load_spec(find_spec("quick_search"))
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", child="extends: ../base.yaml\nname: other\n")
    monkeypatch.chdir(tmp_path / "below")
    assert load_spec(Path("child.yaml")).name == "other"


def test_a_users_quick_search_may_extend_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, quick_search="extends: quick_search\nname: mine\n")
    assert load_spec(Path("quick_search.yaml")).name == "mine"


def test_which_study_a_study_starts_from(tmp_path: Path) -> None:
    named, same = load(
        tmp_path, "extends: base\nstudies:\n- {study_name: x, extends: first}\n- {study_name: second, seed: 9}\n"
    ).studies
    first, second = load_spec(tmp_path / "base.yaml").studies
    assert named == first.model_copy(update={"study_name": "x"})
    assert same == second.model_copy(update={"seed": 9})
    (only,) = load(tmp_path, "extends: quick_search\nstudies: [{study_name: other}]\n").studies
    assert only.parameters == load_spec(find_spec("quick_search")).studies[0].parameters


def test_defaults_of_the_child_override_studies_of_the_base(tmp_path: Path) -> None:
    spec = load(tmp_path, "extends: base\nseed: 5\nresults_dir: here\n")
    assert spec.results_dir == "here"
    assert [study.seed for study in spec.studies] == [5, 5]
    assert spec.studies[0].parameters[0].path == "training.learning_rate"


def test_sections_merge_and_lists_are_replaced(tmp_path: Path) -> None:
    body = "  training_config:\n    training: {n_epochs: 5}\n    model:\n  enqueue: [{lr: 0.001}]\n"
    study = study_of(tmp_path, body)
    assert (study.training_config.training.total_updates, study.training_config.training.n_epochs) == (50, 5)
    assert study.training_config.model.d_model == 32
    assert study.enqueue == ({"lr": 0.001},)


def test_the_instruments_of_a_study_replace_those_of_its_base(tmp_path: Path) -> None:
    base = BASE.replace("model: {d_model: 32}", "data: {source: {EUR: a.csv, JPY: b.csv}, timezone: Europe/Berlin}")
    source = "{source: {GBP: c.csv}, decimal: ','}"
    child = f"name: c\nextends: base.yaml\nstudies:\n  - {{study_name: first, training_config: {{data: {source}}}}}\n"
    write(tmp_path, base=base, child=child)
    data = load_spec(tmp_path / "child.yaml").studies[0].training_config.data
    assert (data.source, data.timezone, data.decimal) == ({"GBP": "c.csv"}, "Europe/Berlin", ",")
    write(tmp_path, child=child.replace(source, "{decimal: ','}"))
    assert load_spec(tmp_path / "child.yaml").studies[0].training_config.data.source == {"EUR": "a.csv", "JPY": "b.csv"}


def test_arguments_are_inherited_only_by_the_same_class(tmp_path: Path) -> None:
    assert study_of(tmp_path, "  sampler: {n_ei_candidates: 5}\n").sampler.model_dump(
        include={"n_startup_trials", "n_ei_candidates"}
    ) == {"n_startup_trials": 7, "n_ei_candidates": 5}
    assert study_of(tmp_path, "  sampler: RandomSampler\n").sampler.type == "RandomSampler"
    pruner = study_of(tmp_path, "  pruner: {n_warmup_steps: 2}\n").pruner
    assert (pruner.type, pruner.n_warmup_steps) == ("MedianPruner", 2)


def test_another_algorithm_inherits_the_keys_that_all_have(tmp_path: Path) -> None:
    body = "  parameters: {training.clip_epsilon: null}\n  training_config: {training: {algorithm: dqn}}\n"
    training = study_of(tmp_path, body).training_config.training
    assert (training.algorithm, training.total_updates) == ("dqn", 50)


@pytest.mark.parametrize(
    "body",
    [
        "  parameters: {lr: {type: float, low: 0.1, high: 0.2}, training.gamma: {type: uniform, low: 0.9, high: 1}}\n",
        """\
  parameters:
  - {name: lr, type: float, low: 0.1, high: 0.2}
  - {name: training.gamma, type: uniform, low: 0.9, high: 1}
""",
    ],
)
def test_parameters_merge_by_name_in_both_forms(tmp_path: Path, body: str) -> None:
    rate, clip, gamma = study_of(tmp_path, body).parameters
    assert (rate.name, rate.path, rate.low) == ("lr", "training.learning_rate", 0.1)
    assert (clip.name, gamma.name) == ("training.clip_epsilon", "training.gamma")


NAMES = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1)


@given(own=NAMES, base=NAMES, lists=st.tuples(st.booleans(), st.booleans()))
def test_any_parameters_merge_as_mappings_do(
    own: dict[str, int], base: dict[str, int], lists: tuple[bool, bool]
) -> None:
    def written(entries: dict[str, int], *, as_list: bool) -> Any:
        made = {name: {"low": low} for name, low in entries.items()}
        value = [{"name": name, **each} for name, each in made.items()] if as_list else made
        return source_node(parse_yaml(yaml.safe_dump(value, sort_keys=False), "x"))

    faults: list[Any] = []
    merged: Any = plain_value(merge_parameters(written(own, as_list=lists[0]), written(base, as_list=lists[1]), faults))
    pairs = [(each["name"], each) for each in merged] if lists[0] else list(merged.items())
    assert {name: each["low"] for name, each in pairs} == {**base, **own}
    assert [name for name, _ in pairs][: len(base)] == list(base)
    assert faults == []


def test_chains_work_and_name_the_file_that_wrote_it(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, middle="extends: base\nname: middle\nstudies: [{study_name: first, n_trials: 9}]\n")
    write(tmp_path, child="extends: middle\n\nstudies:\n- study_name: top\n  parameters: {lr: null}\n")
    (study,) = load_spec(tmp_path / "child.yaml").studies
    assert (study.study_name, study.n_trials, study.seed) == ("top", 9, 3)
    write(tmp_path, child="name: x\nextends: middle\nstudies:\n- training_config: {training: {algorithm: a2c}}\n")
    with pytest.raises(SpecError) as caught:
        load_spec(tmp_path / "child.yaml")
    (problem,) = caught.value.problems
    assert problem.line == 2
    assert "a2c has no 'training.clip_epsilon'" in problem.message
    assert problem.message.endswith(f"(from {tmp_path / 'base.yaml'}:11)")


def test_the_childs_own_keys_keep_their_lines(tmp_path: Path) -> None:
    child = "extends: base\nstudies:\n- study_name: first\n  training_config:\n    model: {d_modle: 3}\n"
    assert fault_of(tmp_path, child).startswith("5: studies[0].training_config.model.d_modle: unknown key; did you")


@pytest.mark.parametrize(
    ("child", "fault"),
    [
        ("name: x\nextends: nothing\n", "2: extends: there is no spec 'nothing'. Shipped: "),
        ("extends: [a]\n", "1: extends: must be a spec's name or path"),
        ("extends: child.yaml\n", "1: extends: is circular: child.yaml -> child.yaml"),
        (
            "extends: base\nstudies:\n- study_name: x\n  extends: frist\n",
            "4: extends: the extended file has no study 'frist'; did you mean 'first'?",
        ),
        (
            "extends: base\nstudies:\n- study_name: first\n  parameters: {lrr: null}\n",
            "4: parameters.lrr: null removes a parameter, but the base has no 'lrr'; did you mean 'lr'?",
        ),
        (
            "name: x\nstudies:\n- study_name: x\n  extends: first\n",
            "4: extends: names a study of an extended file, but this file extends none; write `extends: FILE`",
        ),
        ("extnds: base\nname: x\nstudies:\n- study_name: x\n", "1: extnds: unknown key; did you mean 'extends'?"),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, child: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, child)
    assert str(caught.value).startswith(f"{tmp_path / 'child.yaml'}:{fault}")


def test_a_circle_of_files_is_one_error(tmp_path: Path) -> None:
    write(tmp_path, one="extends: two\n", two="extends: three\n", three="extends: one\n")
    with pytest.raises(SpecError, match=r"three\.yaml:1: extends: is circular: one.* -> two.* -> three.* -> one"):
        load_spec(tmp_path / "one.yaml")


def test_a_spec_rests_on_so_many_files_at_most(tmp_path: Path) -> None:
    write(tmp_path, s0=BASE, **{f"s{n}": f"extends: s{n - 1}\n" for n in range(1, 22)})
    assert load_spec(tmp_path / "s20.yaml").name == load_spec(tmp_path / "s0.yaml").name
    with pytest.raises(
        SpecError, match=r"s1\.yaml:1: extends: exceeds the longest chain of files that extend each other: 20"
    ):
        load_spec(tmp_path / "s21.yaml")


def test_the_faults_of_a_base_are_its_own(tmp_path: Path) -> None:
    write(tmp_path, base="name: x\nstudies:\n- study_name: a\n  n_trial: 3\n", child="extends: base\n")
    with pytest.raises(SpecError) as caught:
        load_spec(tmp_path / "child.yaml")
    assert caught.value.source == str(tmp_path / "base.yaml")
    assert [problem.line for problem in caught.value.problems] == [3, 4]


def test_a_tree_is_read_back_unchanged() -> None:
    source = parse_yaml(BASE, "base.yaml")
    assert source_of(source_node(source), "base.yaml") == source


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        3,
        "a",
        [],
        {},
        ["a"],
        [None],
        [[]],
        {"a": None},
        {"a": {"a": 1}},
        [{"name": "lr"}],
        [{"name": [1]}],
        {"lr": 3},
    ]
)
IN_STUDY = ("study_name", "extends", "preset", "search_space", "parameters", "sampler", "pruner", "training_config")
ROUND = {"search_space": "ppo", "preset": "standard", "training_config": {"training": {"algorithm": "a2c"}}}
STUDIES = st.lists(
    st.dictionaries(st.sampled_from((*IN_STUDY, "param_mapping", "trial_overrides")), JUNK).map(
        lambda junk: ROUND | junk
    )
    | JUNK,
    max_size=2,
)
TOPS = st.dictionaries(st.sampled_from(("extends", "preset", "presets", "param_mapping", "studies", "name")), JUNK)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=TOPS, studies=STUDIES | JUNK)
def test_any_file_is_a_spec_or_a_clear_error(tmp_path: Path, top: dict[str, Any], studies: Any) -> None:
    write(tmp_path, base=BASE)
    text = yaml.safe_dump({"name": "x", "extends": "base", "studies": studies, **top}, sort_keys=False)
    problems = None
    try:
        spec_of(parse_yaml(text, str(tmp_path / "child.yaml")))
    except SpecError as error:
        problems = error.problems
    assert problems is None or (problems and all(problem.line and problem.message for problem in problems))
