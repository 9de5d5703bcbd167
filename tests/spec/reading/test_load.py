import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from fxai.errors import Problem, SpecError
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_record, load_spec, spec_of
from fxai.spec.yaml.yaml_source import parse_yaml, read_yaml

HEAD = "name: quick\nstudies:\n- study_name: s\n"
ONE = "  parameters: [{name: training.gamma, type: float, low: 0.9, high: 0.99}]\n"


def faults(text: str) -> list[str]:
    """Each fault as the command line prints it."""
    with pytest.raises(SpecError) as caught:
        spec_of(parse_yaml(text, "quick.yaml"))
    return str(caught.value).split("\n")


def faults_of_study(body: str) -> list[str]:
    return faults(HEAD + ONE + body)


def faults_of_parameter(text: str) -> list[str]:
    return faults(f"{HEAD}  parameters:\n  - {{{text}}}\n")


def test_the_smallest_spec_has_every_default() -> None:
    (study,) = spec_of(parse_yaml(HEAD + ONE, "quick.yaml")).studies
    assert study.n_trials == 100
    assert study.sampler.type == "TPESampler"
    assert study.pruner.type == "MedianPruner"
    assert study.storage == "sqlite:///optuna_studies.db"
    assert study.training_config == TrainingConfig()


def test_an_unknown_key_names_file_line_path_and_the_nearest_key() -> None:
    text = "name: training.gamma, type: float, lows: 0.9, low: 0.9, high: 0.99"
    assert faults_of_parameter(text) == [
        "quick.yaml:5: studies[0].parameters[0].lows: unknown key; did you mean 'low'?"
    ]


def test_a_key_in_the_wrong_place_is_shown_its_own() -> None:
    assert faults("n_trials: 5\n" + HEAD + ONE) == [
        "quick.yaml:1: n_trials: unknown key; did you mean 'studies[0].n_trials'?"
    ]


def test_all_faults_of_a_file_come_at_once_in_the_order_of_its_lines() -> None:
    found = faults("""\
nam: quick
studies:
- study_name: ../escape
  n_trials: 0
  sampler: {type: TPESampl}
  parameters:
  - {name: training.gama, type: float, low: 0.9, high: 0.99}
  - {name: training.gamma, type: float, low: 0.9, high: 1.5}
  training_config:
    env: {reward: {pnl: 3}}
- study_name: b
  sampler: GridSampler
  parameters:
  - {name: training.gamma, type: float, low: 0.9, high: 0.99}
""")
    assert [line.split(" ")[0] for line in found] == [
        *("quick.yaml:1:",) * 2,
        *(f"quick.yaml:{line}:" for line in (3, 4, 5, 7, 8, 10, 14)),
    ]
    assert "quick.yaml:1: name: is required" in found
    assert "quick.yaml:5: studies[0].sampler: unknown type 'TPESampl'; did you mean 'TPESampler'?" in found[4]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "name: gamma, type: float, low: 0.9, high: 1",
            "training_config has no 'gamma'; did you mean 'training.gamma'?",
        ),
        ("name: env.reward, type: float, low: 0, high: 1", "'env.reward' is a section of training_config"),
        ("name: data.split.train, type: float, low: 0.1, high: 0.5", "must be the same for all trials"),
        ("name: data.source, type: choice, values: [a, b]", "must be the same for all trials"),
        (
            "name: training.gamma, type: float, low: 0.9, high: 1.5",
            "high: training.gamma must be less than or equal to 1",
        ),
        ("name: training.gamma, type: float, low: 1, high: 0.9", "low 1 is above high 0.9"),
        ("name: training.gamma, type: float_log, low: 0, high: 0.9", "needs low above 0"),
        ("name: training.gamma, type: float_log, low: 0.15, high: 0.9, step: 0.1", "low 0.15 is not one"),
        ("name: training.gamma, type: float, low: true, high: 0.9", "low: must be a number, not true"),
        ("name: training.gamma, type: float, low: .nan, high: 0.9", "low: must be a finite number"),
        ("name: training.gamma, type: flot, low: 0, high: 1", "unknown type 'flot'; did you mean 'float'?"),
        ("name: training.gamma, low: 0", "type: is required unless low and high, or values, are given"),
        ("name: training.gamma, type: randn, mean: 0.9, sd: 0", "sd: must be a number above 0, not 0"),
        ("name: training.gamma, type: randn, mean: 0.9, low: 0", "low: follows from mean and sd; remove it"),
        ("name: training.gamma, type: qrandn, mean: 0.9, sd: 0.01", "qrandn needs a step"),
        ("name: training.gamma, type: sample_from", "a spec cannot contain functions"),
        ("name: training.gamma, kind: float, type: float, low: 0, high: 1", "kind: unknown key; did you mean 'type'?"),
        ("name: training.gamma, type: quniform, low: 0, high: 1", "quniform needs a step"),
        ("name: training.n_epochs, type: qrandint, low: 2, high: 8", "qrandint needs a step"),
        ("name: training.gamma, type: qloguniform, low: 0.1, high: 1", "qloguniform needs a step"),
        ("name: training.gamma, type: float_log, low: 0.1, high: 1, log: false", "contradicts the type float_log"),
        ("name: model.d_model, type: float, low: 64, high: 128", "is a whole number; use int or int_log"),
        ("name: model.d_model, type: int, low: 0, high: 128", "low: model.d_model must be greater than or equal to 1"),
        ("name: model.d_model, type: int, low: 1.5, high: 128", "low: must be a whole number, not 1.5"),
        ("name: model.type, type: int, low: 0, high: 1", "model.type is not a number; use categorical"),
        ("name: env.allow_short, type: int, low: 0, high: 1", "env.allow_short is not a number; use categorical"),
        (
            "name: model.type, type: choice, values: [mlp, lstm]",
            "values[1]: model.type must be 'mlp', 'gru' or 'transformer'",
        ),
        (
            "name: model.d_model, type: choice, choices: [64, '128x']",
            "choices[1]: model.d_model must be a whole number",
        ),
        ("name: model.d_model, type: choice, choices: []", "choices: must have at least 1"),
        ("name: model.d_model, type: choice, choices: [64, 64]", "choice 64 is given twice"),
        (
            "name: model.d_model, type: choice, choices: [64], values: [3]",
            "values: is the same as choices, which is given too",
        ),
    ],
)
def test_parameters_that_do_not_fit(text: str, fault: str) -> None:
    (found,) = faults_of_parameter(text)
    assert found.startswith("quick.yaml:5: studies[0].parameters[0]")
    assert fault in found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("''", "must not be empty"),
        ("'  '", "must not be empty"),
        ("..", "must not begin with"),
        (".hidden", "must not begin with"),
        ("-rf", "must not begin with"),
        ("../up", "must not contain '/'"),
        ("a\\b", "must not contain"),
        ("'C:x'", "must not contain ':'"),
        ('"a\\nb"', "must not contain '\\n'"),
        ("x" * 201, "must not be longer than 200"),
        ("ü" * 101, "must not be longer than 200"),
    ],
)
def test_study_names_that_are_no_folder_names(name: str, reason: str) -> None:
    (found,) = faults(f"name: quick\nstudies:\n- study_name: {name}\n{ONE}")
    assert found.startswith("quick.yaml:3: studies[0].study_name: ")
    assert reason in found


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("  metric_name: sharp\n", "metric_name: fx_trading has no metric 'sharp'; did you mean 'sharpe'?"),
        ("  direction: maximise\n", "direction: must be 'maximize' or 'minimize', not 'maximise'"),
        ("  directions: [maximize, minimize]\n", "directions: several metrics are written as objectives: [{metric: "),
        ("  gpu_per_trial: 2\n", "gpu_per_trial: must be less than or equal to 1, not 2"),
        ("  n_trials: yes\n", "n_trials: must be a whole number, not 'yes'"),
        ("  n_trials: true\n", "n_trials: must be a number, not true"),
        ("  sampler: {n_startup_trials: 5}\n", "sampler: needs the key type, the name of a class"),
        ("  sampler: {type: RandomSampler, group: true}\n", "RandomSampler has no argument 'group'. It has: seed"),
        ("  sampler: {type: TPESampler, group: true, multivariate: false}\n", "group: true needs multivariate: true"),
        ("  pruner: {type: NopPruner, patience: 3}\n", "NopPruner has no argument 'patience'. It has: no arguments"),
        ("  pruner: {type: ThresholdPruner}\n", "pruner: ThresholdPruner needs lower, upper or both"),
        ("  pruner: {type: PercentilePruner}\n", "pruner.percentile: is required"),
        ("  pruner: {type: PatientPruner, patience: 2, wrapped_pruner: {type: NopPru}}\n", "did you mean 'NopPruner'?"),
        ("  sampler: GridSampler\n", "parameters[0]: GridSampler needs finitely many values"),
        ("  sampler: BruteForceSampler\n", "parameters[0]: BruteForceSampler needs finitely many values"),
        ("  enqueue: [{training.gamma: 0.5}]\n", "enqueue[0].training.gamma: 0.5 is outside"),
        ("  enqueue: [{gamma: 0.95}]\n", "is not a parameter of this study; did you mean 'training.gamma'?"),
        ("  training_config: {training: {d_model: 3}}\n", "unknown key; did you mean 'training_config.model.d_model'?"),
        ("  training_config: {training: {batch_size: 100000}}\n", "batch_size 100000 is more than one rollout holds"),
        ("  training_config: {data: {split: {train: 60}}}\n", "must be a fraction between 0 and 1, or a date"),
        ("  training_config: 3\n", "training_config: must be a mapping, not 3"),
        ("  learning_rate: 3\n", "did you mean 'training_config.training.learning_rate'?"),
        ("  buffer_size: 3\n", "did you mean 'training_config.training.buffer_size'?"),
        ("  seeds_per_trial: 4\n  resources: {lanes_per_worker: 3}\n", "3 is less than seeds_per_trial 4"),
        ("  seeds_per_trial: 0\n", "seeds_per_trial: must be greater than or equal to 1"),
    ],
)  # fmt: skip
def test_studies_that_cannot_run(body: str, fault: str) -> None:
    (found,) = faults_of_study(body)
    assert fault in found


def faults_under(training: str, name: str = "training.gamma") -> list[str]:
    """Faults of a study whose section `training` is in line 6."""
    parameter = f"  parameters: [{{name: {name}, type: float, low: 0.5, high: 0.9}}]\n"
    return faults(f"{HEAD}{parameter}  training_config:\n    training: {{{training}}}\n")


@pytest.mark.parametrize(
    ("training", "fault"),
    [
        (
            "algorithm: dqnn",
            ".algorithm: unknown algorithm 'dqnn'; did you mean 'dqn'? Known: ppo, a2c, dqn, double_dqn",
        ),
        (
            "algorithm: D3QN, double: false",
            ": algorithm 'D3QN' has double: true; write algorithm: dqn to set each switch",
        ),
        (
            "algorithm: reinforce, batch_size: 0",
            ".algorithm: unknown algorithm 'reinforce'. Known: ppo, a2c, dqn, double_dqn",
        ),
        ("algorithm: ", ".algorithm: must be one of ppo, a2c, dqn, double_dqn"),
        ("algorithm: [dqn]", ".algorithm: must be one of ppo, a2c, dqn, double_dqn"),
        (
            "algorithm: dqn, clip_epsilon: 0.2",
            ".clip_epsilon: dqn has no 'clip_epsilon', a key of ppo; dqn has double,",
        ),
        ("algorithm: a2c, batch_size: 8", ".batch_size: a2c has no 'batch_size', a key of ppo and dqn; a2c has"),
        ("target_tau: 0.5", ".target_tau: ppo has no 'target_tau', a key of dqn; ppo has"),
        ("algorithm: dqn, target_taw: 0.5", ".target_taw: unknown key; did you mean 'target_tau'?"),
        ("algorithm: dqn, double: 1.5", ".double: must be a"),
        ("algorithm: dqn, target_tau: true", ".target_tau: must be a number, not true"),
        ("algorithm: dqn, target_tau: 0", ".target_tau: must be greater than 0"),
        ("algorithm: dqn, batch_size: 20000", ": batch_size 20000 is more than buffer_size 10000"),
        ("algorithm: dqn, learning_starts: 20000", ": learning_starts 20000 is more than buffer_size 10000"),
        ("algorithm: dqn, buffer_size: 100", ": one rollout (16 envs x 8 steps) is more than buffer_size 100"),
        ("algorithm: dqn, n_step: 9", ": n_step 9 is more than rollout_steps 8"),
        ("algorithm: dqn, total_updates: 2", ": learning_starts 1000 is never reached: 2 updates gather 256"),
        ("algorithm: dqn, exploration_initial: 0", ": exploration_final 0.05 is above exploration_initial 0"),
    ],
)
def test_algorithms_that_cannot_train(training: str, fault: str) -> None:
    (found,) = faults_under(training)
    assert found.startswith(f"quick.yaml:6: studies[0].training_config.training{fault}")


@pytest.mark.parametrize(
    ("training", "name", "fault"),
    [
        (
            "algorithm: dqn",
            "training.clip_epsilon",
            "dqn has no 'training.clip_epsilon', a key of ppo; dqn has double,",
        ),
        ("algorithm: dqn", "training.exploration_finl", "did you mean 'training.exploration_final'?"),
        (
            "algorithm: dqn",
            "training.n_epochs",
            "dqn has no 'training.n_epochs', a key of ppo; dqn has double,",
        ),
        ("", "training.target_tau", "ppo has no 'training.target_tau', a key of dqn; ppo has"),
        ("", "training", "is a section of training_config"),
    ],
)
def test_searches_of_what_the_algorithm_has_not(training: str, name: str, fault: str) -> None:
    (found,) = faults_under(training, name)
    assert found.startswith("quick.yaml:4: studies[0].parameters[0].name: ")
    assert fault in found


def test_an_unknown_algorithm_casts_no_doubt_on_what_any_algorithm_has() -> None:
    assert [line.split(" ")[0] for line in faults_under("algorithm: pqo", "training.target_tau")] == ["quick.yaml:6:"]


def test_two_parameters_or_studies_of_one_name() -> None:
    twice = "  - {name: training.gamma, type: float, low: 0.9, high: 0.99}\n" * 2
    assert faults(f"{HEAD}  parameters:\n{twice}") == [
        "quick.yaml:6: studies[0].parameters[1].name: 'training.gamma' is given twice; keep one"
    ]
    assert faults(f"{HEAD}{ONE}- study_name: s\n{ONE}") == [
        "quick.yaml:5: studies[1].study_name: 's' is given twice; names must differ"
    ]


def test_values_that_a_sampler_cannot_list() -> None:
    row = "  - {name: env.max_episode_steps, type: int, low: 2, high: HIGH}\n"
    spec = f"{HEAD}  sampler: GPSampler\n  parameters:\n"
    (found,) = faults(spec + row.replace("HIGH", "1000000000"))
    assert found.startswith("quick.yaml:6: studies[0].parameters[0]: GPSampler lists all 999,999,999 values of")
    assert spec_of(parse_yaml(spec + row.replace("HIGH", "10000000"), "quick.yaml")).studies


def test_a_grid_that_memory_cannot_hold() -> None:
    names = ("env.max_episode_steps", "env.reward.max_holding_time_steps")
    rows = "".join(f"  - {{name: {name}, type: int, low: 2, high: 2000}}\n" for name in names)
    (found,) = faults(f"{HEAD}  sampler: GridSampler\n  parameters:\n{rows}")
    assert found.startswith("quick.yaml:4: studies[0].sampler: the grid has 3,996,001 combinations")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "3\n", "studies: []\nname: x\n", "name: x\nstudies: 3\n"])
def test_files_that_are_no_specs(text: str, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    with pytest.raises(SpecError, match=r"spec\.yaml"):
        load_spec(file)


def paths_in(node: JsonValue, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(each for key, value in items for each in paths_in(value, (*path, key)))]


def faults_or_none(text: str) -> tuple[Problem, ...] | None:
    try:
        spec_of(parse_yaml(text, "spec.yaml"))
    except SpecError as error:
        return error.problems
    return None


QUICK = read_yaml(find_spec("quick_search")).value
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([path for path in paths_in(QUICK) if path]), TREES, st.booleans())
def test_a_damaged_spec_loads_or_names_the_wrong_line(path: tuple[Any, ...], value: JsonValue, drop: bool) -> None:  # noqa: FBT001
    tree: Any = copy.deepcopy(QUICK)
    *above, last = path
    node = tree
    for part in above:
        node = node[part]
    if drop:
        del node[last]
    else:
        node[last] = value
    problems = faults_or_none(yaml.safe_dump(tree, allow_unicode=True))
    assert problems is None or (problems and all(problem.line and problem.message for problem in problems))


def test_a_single_record_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "best.yaml"
    file.write_text("training: {gamma: 0.9}\n")
    assert load_record(file, TrainingConfig).training.gamma == 0.9
    file.write_text("training:\n  gama: 0.9\n  n_envs: 0\n")
    with pytest.raises(SpecError) as caught:
        load_record(file, TrainingConfig)
    assert [problem.line for problem in caught.value.problems] == [2, 3]
