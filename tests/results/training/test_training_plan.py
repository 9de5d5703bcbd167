"""What `train` makes of a config, settings and seeds, and which folder it may go on in."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from fxai.errors import InputError, SpecError
from fxai.protocol import Report, TrialPaths
from fxai.results.training.best_config import BestConfig, CustomBestConfig, write_best_config
from fxai.results.training.file import SeedResult, TrainingFile
from fxai.results.training.plan import load_plan
from fxai.results.training.requests import folders_of, requests_of
from fxai.results.training.schedule import Segment
from fxai.rl.agents.checkpoint import Checkpoint
from fxai.search.seeds import lane_seeds
from fxai.spec.fields.env_config import EnvConfig, RewardConfig
from fxai.spec.fields.objective import PythonFunction
from fxai.spec.fields.training_config import TrainingConfig

LEARNT_IN = EnvConfig(reward=RewardConfig(pnl_coefficient=250.0))


def best(**more: object) -> BestConfig:
    fields = {
        "study_name": "s",
        "trial": 3,
        "metric_name": "sharpe",
        "value": 1.5,
        "seed": 11,
        "training_config": TrainingConfig(env=LEARNT_IN),
        "scoring_env": EnvConfig(),
        "provenance": {},
    }
    return BestConfig.model_validate({**fields, **more})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "s_best_config.yaml"
    write_best_config(written, best())
    return written


def test_it_is_the_winners_own_training(path: Path) -> None:
    plan = load_plan(path, {})
    assert (plan.name, plan.trial, plan.metric, plan.seeds, plan.total_updates) == ("s", 3, "sharpe", (11,), 100)
    ((request,),) = requests_of(plan, path.parent)
    assert TrainingConfig.model_validate(request.config).env == LEARNT_IN
    assert TrainingConfig.model_validate(request.base_config).env == EnvConfig()
    assert request.directory == path.parent


def test_a_setting_of_the_env_counts_where_it_is_scored_too(path: Path) -> None:
    plan = load_plan(
        path, {"env.spread": "0.0003", "training.total_updates": "7", "training_config.model.d_model": "8"}
    )
    config = TrainingConfig.model_validate(plan.config)
    assert (config.env.spread, config.env.reward.pnl_coefficient) == (0.0003, 250.0)
    assert plan.scoring_env == EnvConfig(spread=0.0003)
    assert (plan.total_updates, config.model.d_model) == (7, 8)


def test_another_algorithm_keeps_what_all_have(path: Path) -> None:
    plan = load_plan(path, {"training.algorithm": "dqn", "training.double": "true"})
    config = TrainingConfig.model_validate(plan.config)
    assert (config.training.algorithm, config.training.model_dump()["double"]) == ("dqn", True)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"training.learning_rat": "1"}, "did you mean 'training.learning_rate'"),
        ({"training.gamma": "3"}, "training.gamma: must be less than or equal to 1"),
        ({"training.gamma": "[1"}, "training.gamma"),
        ({"training.double": "true"}, "training.double"),
        ({"n_trials": "3"}, "n_trials: there is no such setting"),
        ({"training.gamma": "true"}, "must be a number"),
    ],
)
def test_wrong_settings_are_named(path: Path, settings: dict[str, str], fault: str) -> None:
    with pytest.raises(SpecError, match=fault.replace("(", r"\(")):
        load_plan(path, settings)


def test_a_file_with_the_sections_alone_is_a_config(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"training": {"total_updates": 5}, "env": {"spread": 0.001}}))
    plan = load_plan(tmp_path / "mine.yaml", {"env.spread": "0.002"})
    assert (plan.name, plan.metric, plan.seeds, plan.total_updates) == ("mine", "mean_reward", (0,), 5)
    assert plan.scoring_env == EnvConfig(spread=0.002)
    (tmp_path / "mine.yaml").write_text("training: {total_updat: 5}\n")
    with pytest.raises(SpecError, match="did you mean 'total_updates'"):
        load_plan(tmp_path / "mine.yaml", {})


SCHEDULE = (
    Segment(from_step=0, trial=1, seed=5, params={"training.learning_rate": 0.001}),
    Segment(from_step=10, trial=3, seed=11, params={"training.learning_rate": 0.002}),
    Segment(from_step=20, trial=3, seed=11, params={"training.learning_rate": 0.003}),
)


def test_a_schedule_is_trained_from_where_it_stands(tmp_path: Path) -> None:
    write_best_config(tmp_path / "s.yaml", best(schedule=SCHEDULE))
    plan = load_plan(tmp_path / "s.yaml", {})
    with pytest.raises(SpecError, match="follows the schedule"):
        load_plan(tmp_path / "s.yaml", {"training.learning_rate": "0.1"})
    ((first, second, third),) = requests_of(plan, tmp_path)
    assert [each.seeds for each in (first, second, third)] == [(5,), (11,), (11,)]
    assert (first.inherited, second.inherited.step, third.inherited.step) == (None, 10, 20)
    Checkpoint({}, (Report(3, 15, 0.5),), {}).save(TrialPaths(tmp_path).checkpoint)
    assert requests_of(plan, tmp_path) == ((second, third),)
    Checkpoint({}, (Report(3, 20, 0.5),), {}).save(TrialPaths(tmp_path).checkpoint)
    assert requests_of(plan, tmp_path) == ((third,),)


def test_each_further_seed_has_a_folder_and_the_schedule_with_seeds_of_its_own(tmp_path: Path) -> None:
    further, of_donor = lane_seeds(11, 2)[1], lane_seeds(5, 2)[1]
    write_best_config(tmp_path / "s.yaml", best(schedule=SCHEDULE, seeds=(11, further)))
    plan = load_plan(tmp_path / "s.yaml", {})
    assert folders_of(plan, tmp_path) == (tmp_path / "seed-11", tmp_path / f"seed-{further}")
    first, second = requests_of(plan, tmp_path)
    assert [each.seeds for each in first] == [(5,), (11,), (11,)]
    assert [each.seeds for each in second] == [(of_donor,), (further,), (further,)]
    assert (first[0].number, second[0].number) == (3, 4)


def test_custom_code_gets_the_names_of_its_parameters(tmp_path: Path) -> None:
    own = CustomBestConfig(
        study_name="mine",
        trial=0,
        objective=PythonFunction(function="code:train"),
        metric_name="score",
        value=1.0,
        seed=1,
        params={"x": 0.5},
        training_config={"x": 0.5, "size": 7, "net": {"width": 3}},
        provenance={},
    )
    write_best_config(tmp_path / "mine.yaml", own)
    plan = load_plan(tmp_path / "mine.yaml", {"x": "0.7", "net.width": "4", "training_config.new": "[1, 2]"})
    assert plan.params == {"x": 0.7}
    assert plan.config == {"x": 0.7, "size": 7, "net": {"width": 4}, "new": [1, 2]}
    assert (plan.is_custom, plan.total_updates) == (True, None)
    with pytest.raises(SpecError, match="did you mean 'size'"):
        load_plan(tmp_path / "mine.yaml", {"sise": "8"})


def test_only_the_same_training_resumes_in_a_folder(path: Path, tmp_path: Path) -> None:
    folder, results = tmp_path / "out", (SeedResult(11, 1.5, {"sharpe": 1.5}),)
    plan = load_plan(path, {})
    assert TrainingFile(folder, plan, "abc", "cpu").begin() == ()
    assert TrainingFile(folder, plan, "abc", "cpu").begin() == ()
    changes = [
        (TrainingFile(folder, load_plan(path, {"training.gamma": "0.5"}), "abc", "cpu"), "training.gamma: 0.99 -> 0.5"),
        (TrainingFile(folder, replace(plan, seeds=(11, 12)), "abc", "cpu"), r"seeds: \[11\] -> \[11, 12\]"),
        (TrainingFile(folder, plan, "abd", "cpu"), 'sha256: "abc" -> "abd"'),
        (TrainingFile(folder, plan, "abc", "cuda"), 'device: "cpu" -> "cuda"'),
    ]
    for file, change in changes:
        with pytest.raises(InputError, match=f"{change}.*--save-path"):
            file.begin()
    TrainingFile(folder, plan, "abc", "cpu").end(results)
    assert TrainingFile(folder, plan, "abc", "cpu").begin() == results


def test_a_record_that_is_damaged_is_not_overwritten(path: Path, tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        TrainingFile(tmp_path, load_plan(path, {}), None, "cpu").begin()
    (tmp_path / "training.json").write_text("{}")
    with pytest.raises(InputError, match="of this version"):
        TrainingFile(tmp_path, load_plan(path, {}), None, "cpu").begin()
