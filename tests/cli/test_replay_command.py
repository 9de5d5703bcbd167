"""`fxai run --replay`: a study that repeats another's decisions."""

from pathlib import Path

import pytest

from cli.conftest import SMALL_SPEC, Finished, call_fxai
from fxai.search.studies import load_study, study_names
from inline_workers import train_in_this_process

RECORDING = "optuna_results/small/decisions.jsonl"
SPEC = SMALL_SPEC.replace("n_trials: 2", "n_trials: 12").replace("total_updates: 2", "total_updates: 3")
SPEC = SPEC.replace(
    "    parameters:",
    "    n_jobs: 2\n    sampler: {type: TPESampler, n_startup_trials: 3}\n"
    "    pruner: {type: HyperbandPruner, min_resource: 1, max_resource: 3, reduction_factor: 2}\n    parameters:",
)
SETTINGS = ("--set", "resources.lanes_per_worker=2")


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder where a study ran on two workers and was replayed in this process, and how the replay ended."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "small.yaml").write_text(SPEC)
    assert call_fxai(folder, "run", "--spec", "small.yaml", "--quiet", *SETTINGS).code == 0
    with train_in_this_process():
        return folder, call_fxai(folder, "run", "--spec", "small.yaml", "--replay", RECORDING, *SETTINGS)


def test_a_replay_gives_the_same_results_in_another_study(replayed: tuple[Path, Finished]) -> None:
    folder, finished = replayed
    assert finished.code == 0, finished
    assert "recorded order" not in finished.out
    url = f"sqlite:///{folder / 'optuna_studies.db'}"
    assert study_names(url) == ("small", "small-replay")
    one, other = (load_study(url, name).trials for name in study_names(url))
    assert [(each.params, each.state, each.values, each.intermediate_values) for each in one] == [
        (each.params, each.state, each.values, each.intermediate_values) for each in other
    ]
    assert {"COMPLETE", "PRUNED"} == {each.state.name for each in one}
    repeated = folder / "optuna_results" / "small-replay" / "decisions.jsonl"
    assert repeated.read_text() == (folder / RECORDING).read_text()


def test_a_replay_is_not_gone_on_with(replayed: tuple[Path, Finished]) -> None:
    again = call_fxai(replayed[0], "run", "--spec", "small.yaml", "--replay", RECORDING)
    assert again.code == 2
    assert "the study 'small-replay' already has trials; add --fresh to replay from the start" in again.err


def test_another_specification_is_refused(replayed: tuple[Path, Finished]) -> None:
    other = call_fxai(replayed[0], "run", "--spec", "small.yaml", "--replay", RECORDING, "--seed", "5")
    assert other.code == 2
    assert "another specification:\n    seed: 0 -> 5" in other.err


def test_what_is_no_recording_is_refused(replayed: tuple[Path, Finished]) -> None:
    folder, _ = replayed
    for file, fault in (("small.yaml", "small.yaml:1: is not a decision of a study"), ("none", "cannot be read")):
        finished = call_fxai(folder, "run", "--spec", "small.yaml", "--replay", file)
        assert finished.code == 2
        assert fault in finished.err


def test_one_study_is_replayed_at_a_time(replayed: tuple[Path, Finished]) -> None:
    folder, _ = replayed
    head, _, body = SPEC.partition("  - study_name")
    second = body.replace(": small", ": other", 1)
    (folder / "two.yaml").write_text(f"{head}  - study_name{body}  - study_name{second}")
    finished = call_fxai(folder, "run", "--spec", "two.yaml", "--replay", RECORDING)
    assert finished.code == 2
    assert "--replay repeats one study; select it with --study: small, other" in finished.err
