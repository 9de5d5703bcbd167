"""Statements and examples of the README."""

import ast
import re
import tomllib
from inspect import signature as signature_of
from pathlib import Path
from textwrap import indent
from typing import get_args

import pytest
import yaml

import fxai
from cli.conftest import call_fxai
from fxai.cli.app import COMMANDS
from fxai.errors import FxaiError, InputError, StudyHeldError
from fxai.market.mapped import market_cache
from fxai.protocol import LaneObjective, Lanes
from fxai.rl.lanes.pack import signature
from fxai.rl.training import lane_width
from fxai.spec.checks.cross_field_checks import study_problems
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.checks.study_parts import parts_of
from fxai.spec.fields.algorithm import ALGORITHMS
from fxai.spec.fields.command_line import FURTHER, variable
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.tracking import MlflowTracking, WandbTracking
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.hpo_file import hpo_file
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.presets import shipped_preset
from fxai.spec.reading.transfer_spec import Mode
from fxai.spec.search.class_names import SHORT_NAMES
from fxai.spec.search.configure import configure, default_params, trial_config
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.stop import Stop
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()
TASKS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["poe"]["tasks"]
WHOLE_SPEC, *FURTHER_KEYS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
COMMAND_ROWS = re.findall(r"^\| (.*?) ?\| `(\w[^`]*)` \| .* \|$", README.partition("## The commands")[2], re.MULTILINE)


@pytest.fixture
def study(tmp_path: Path) -> StudySpec:
    """The study that the README shows first."""
    (tmp_path / "readme.yaml").write_text(WHOLE_SPEC)
    (study,) = load_spec(tmp_path / "readme.yaml").studies
    return study


def with_keys(study: StudySpec, keys: str) -> StudySpec:
    """The study with the keys of another example. A problem between its fields is an error."""
    changed = StudySpec.model_validate({**study.model_dump(mode="json"), **yaml.safe_load(keys)})
    assert not list(study_problems(parts_of(changed)))
    return changed


def test_its_first_spec_is_valid(study: StudySpec) -> None:
    assert study.n_trials == 50


def test_its_examples_cover_all_algorithms_and_networks(study: StudySpec) -> None:
    configs = [with_keys(study, keys).training_config for keys in FURTHER_KEYS if keys.startswith("training_config")]
    assert [config.training.algorithm for config in configs] == list(ALGORITHMS)
    assert {config.model.type for config in configs} == set(get_args(ModelConfig.model_fields["type"].annotation))
    for algorithm in ALGORITHMS:
        assert README.count(f"`{algorithm}`")


def space_with(word: str) -> StudySpec:
    """The study of the example of a search space that has this word."""
    (keys,) = [keys for keys in FURTHER_KEYS if keys.startswith("param") and word in keys]
    return spec_of(parse_yaml(f"name: x\nstudies:\n- study_name: s\n{indent(keys, '  ')}", "README.md")).studies[0]


def test_its_example_of_an_observation() -> None:
    made = space_with("model.widths.1")
    assert set(default_params(made)) == {each.name for each in made.parameters}
    (first,) = made.enqueue
    config = trial_config(made, {**default_params(made), **first})
    assert config.data.features.volatility_windows == (24,)
    assert config.model.widths == (32, 64)


def test_its_example_of_a_space() -> None:
    made = space_with("constraints:")
    assert {each.name: each.path for each in made.parameters}["lr"] == "training.learning_rate"
    assert set(default_params(made)) == {each.name for each in made.parameters}  # two layers: all exist
    assert not violated_constraints(made, default_params(made))


def test_its_example_of_extending() -> None:
    (text,) = [keys for keys in FURTHER_KEYS if "extends:" in keys]
    (made,) = spec_of(parse_yaml(text, "README.md")).studies
    (base,) = load_spec(find_spec("quick_search")).studies
    assert "# 50 trials with successive halving" in text
    assert (made.n_trials, made.pruner.type) == (50, "SuccessiveHalvingPruner")
    assert made.training_config.training.total_updates == 80
    assert made.training_config.training.n_envs == base.training_config.training.n_envs
    removed = {each.name for each in base.parameters} - {each.name for each in made.parameters}
    assert removed == {"env.reward.holding_penalty_coefficient"}


def test_its_example_of_names() -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if "search_space:" in keys]
    (made,) = spec_of(parse_yaml(f"name: x\nstudies:\n- study_name: s\n{indent(keys, '  ')}", "README.md")).studies
    assert made.training_config.training.algorithm == "dqn"
    assert (made.sampler.type, made.pruner.type) == ("GPSampler", "SuccessiveHalvingPruner")
    for names in SHORT_NAMES.values():
        assert [f"`{name}`" in README for name in names] == [True] * len(names)


@pytest.mark.parametrize(("name", "trials"), re.findall(r"`(\w+)` \((\d+)(?: trials)?[,;]", README))
def test_its_presets_have_as_many_trials(name: str, trials: str) -> None:
    preset = shipped_preset(name)
    assert preset is not None
    assert preset.n_trials == int(trials)


def test_it_names_all_presets() -> None:
    assert set(re.findall(r"`(\w+)` \(\d+", README)) == set(hpo_file().experiments)


def test_its_example_specs_exist() -> None:
    for name in re.findall(r"`(?:fxai run --spec )?(examples/[\w/]+)`", README):
        assert load_spec(find_spec(name))


def test_its_example_of_tracking(study: StudySpec) -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if keys.startswith("tracking:")]
    tracking = with_keys(study, keys).tracking
    assert tracking.wandb == WandbTracking()
    assert tracking.mlflow == MlflowTracking(tracking_uri="http://localhost:5000")


def test_its_example_of_seeds_and_lanes(study: StudySpec) -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if "lanes_per_worker" in keys]
    changed = with_keys(study, keys)
    assert (changed.seeds_per_trial, changed.resources.lanes_per_worker) == (4, 16)


def test_its_example_of_stop_rules(study: StudySpec) -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if keys.startswith("stop:")]
    rules = with_keys(study, keys).stop
    assert rules == Stop(patience=20, min_delta=0.0001, value=0.002, env_steps=50_000_000)
    assert rules.model_dump().keys() == set(re.findall(r"^  (\w+): ", keys, re.MULTILINE))


def test_its_example_of_a_population(study: StudySpec) -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if keys.startswith("search:")]
    rest = study.model_dump(mode="json", exclude={"sampler", "pruner"})  # which `search` replaces
    made = StudySpec.model_validate({**rest, **yaml.safe_load(keys)})
    assert made.search == PopulationSearch(ready_interval=10)
    assert made.n_trials == 2 * made.search.population
    assert not list(study_problems(parts_of(made)))
    assert list(study_problems(parts_of(made.model_copy(update={"sampler": study.sampler}))))


def test_the_defaults_of_all_algorithms_take_equally_many_steps() -> None:
    assert "The defaults of all three take equally many steps" in README
    defaults = [config.model_validate({}) for config in ALGORITHMS.values()]
    assert len({config.total_updates * config.rollout_size for config in defaults}) == 1


def test_lane_widths_are_stored_in_the_folder_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert "`~/.cache/fxai/lanes`" in README
    assert Path("~/.cache/fxai/lanes").expanduser() == lane_width._cache()


def test_large_markets_are_stored_in_the_folder_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert "`~/.cache/fxai/markets`, 4 GB at most" in README
    assert "Files below 1 MB" in README
    assert Path("~/.cache/fxai/markets").expanduser() == market_cache.cache_folder()
    assert (market_cache._MOST_BYTES, market_cache.FEWEST_BYTES) == (4e9, 1e6)


def test_fields_that_may_differ_within_a_program_do_not_separate_trials(study: StudySpec) -> None:
    base = study.training_config
    assert isinstance(base, TrainingConfig)
    free = {"learning_rate": 0.005, "gamma": 0.9, "entropy_coef": 0.1, "gae_lambda": 0.5}
    apart: dict[str, int | str] = {
        "model.n_layers": 3,
        "model.d_model": 32,
        "env.observation_window": 3,
        "env.positions": "[-1, -0.5, 0, 0.5, 1]",
        "training.batch_size": 128,
        "training.n_envs": 8,
    }
    alike = configure(base, {f"training.{name}": value for name, value in free.items()})
    assert signature(configure(alike, {"env.reward.pnl_coefficient": 7.0})) == signature(base)
    for path, other in apart.items():
        assert signature(configure(base, {path: other})) != signature(base)


def test_an_objective_of_lanes_has_the_two_functions_that_it_names() -> None:
    for name in ("signature", "open_lanes"):
        assert f"`{name}(" in README
        assert hasattr(LaneObjective, name)
    for name in ("width", "busy", "admit", "decide", "advance"):
        assert f"(`{name}`)" in README
        assert hasattr(Lanes, name)


@pytest.mark.parametrize("row", re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \|", README, re.MULTILINE))
def test_its_list_of_shipped_searches_is_correct(row: tuple[str, str, str]) -> None:
    spec, study_name, trials = row
    (study,) = load_spec(find_spec(spec)).studies
    assert (study.study_name, study.n_trials) == (study_name, int(trials))


def test_it_lists_all_shipped_searches() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| `(?:fx_ai|crypto|llm)", README, re.MULTILINE)) == {
        path.stem for path in (REPOSITORY / "config" / "optuna").glob("*.yaml")
    }


@pytest.mark.parametrize("row", COMMAND_ROWS, ids=str)
def test_its_commands_and_tasks_exist(row: tuple[str, str]) -> None:
    tasks, command = row
    assert command.split()[0] in COMMANDS
    assert {task.split()[0] for task in re.findall(r"`([^`]+)`", tasks)} <= set(TASKS)


def test_it_lists_every_mode_of_a_transfer() -> None:
    listed = re.findall(
        r"^\| `(\w+)` \| ", README.partition("## Transfer between studies")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert tuple(listed) == get_args(Mode)


def test_it_has_rows_for_commands() -> None:
    assert len(COMMAND_ROWS) == 23


def test_its_example_of_several_objectives(study: StudySpec) -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if keys.startswith("objectives:")]
    changed = with_keys(study, keys)
    assert [goal.metric for goal in changed.goals] == ["sharpe", "max_drawdown"]
    assert (changed.metric_name, changed.direction) == ("sharpe", "maximize")


def test_its_example_of_a_score(study: StudySpec) -> None:
    (keys,) = [keys for keys in FURTHER_KEYS if keys.startswith("score:")]
    changed = StudySpec.model_validate(
        {**study.model_dump(mode="json", exclude={"metric_name"}), **yaml.safe_load(keys)}
    )
    assert (changed.metric_name, changed.score) == ("score", "sharpe - 5 * max_drawdown")


def test_its_recipe_for_your_own_script_works_as_shown(tmp_path: Path) -> None:
    recipe = README.partition("### Tune your own script")[2].partition("\n### ")[0]
    (script,), (spec,) = (re.findall(rf"```{kind}\n(.*?)```", recipe, re.DOTALL) for kind in ("python", "yaml"))
    for name, text in (("train.py", script), ("search.yaml", spec)):
        assert f"`{name}`" in recipe
        (tmp_path / name).write_text(text)
    (command,) = re.findall(r"`fxai (run .*?)`", recipe)
    finished = call_fxai(tmp_path, *command.split(), "--n-trials", "6", "--n-jobs", "2")
    assert finished.code == 0, finished
    assert re.search(r"│ Failed trials +│ 0 ", finished.out)
    (shown,) = re.findall(r"`fxai (best .*?)`", recipe)
    assert "fast" in call_fxai(tmp_path, *shown.split()).out


def test_it_names_all_placeholders_and_variables_of_a_command() -> None:
    section = README.partition("### A command")[2].partition("\n### ")[0]
    assert set(re.findall(r"`\{(\w+)\}`", section)) == {*FURTHER, "name"} - {"python"}
    words = set(re.findall(r"`\$(FXAI_\w+)`", section))
    program = (REPOSITORY / "src/fxai/objectives/program.py").read_text()
    command = (REPOSITORY / "src/fxai/objectives/command.py").read_text()
    assert words - {"FXAI_PARAM_TRAINING_GAMMA"} == set(re.findall(r'"(FXAI_\w+)":', program + command))
    assert variable("training.gamma") in words


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_its_link_targets_exist(target: str) -> None:
    assert (REPOSITORY / target).is_file()


def test_its_names_of_the_python_api_exist() -> None:
    section = README.partition("## From Python")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert names <= set(fxai.__all__)
    (program,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert {
        each.func.attr
        for each in ast.walk(ast.parse(program))
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)
    } <= {*dir(fxai.HPOptimizer), *dir(fxai.HPOVisualizer)}
    call = next(each for each in ast.walk(ast.parse(program)) if isinstance(each, ast.Call) and len(each.keywords) > 3)
    assert {keyword.arg for keyword in call.keywords} <= set(signature_of(fxai.HPOptimizer.optimize).parameters)


def test_its_exit_codes_are_those_of_the_errors() -> None:
    assert "0 done, 1 it ran and failed, 2 the input is wrong, 3 another run holds the study" in README
    assert (FxaiError.exit_code, InputError.exit_code, StudyHeldError.exit_code) == (1, 2, 3)


def test_it_starts_with_two_commands_to_paste() -> None:
    first, second = re.findall(r"```bash\n(.*?)\n```", README, re.DOTALL)[:2]
    assert "\n" not in first + second
    assert first.endswith("python optuna_optimization.py --spec config/optuna/quick_search.yaml")
    assert second.endswith("poe test")
