"""`fxai run`, `evaluate`, `train` and `export` of a study of signals."""

import json
from pathlib import Path

import pytest
import yaml

from cli.conftest import Finished, call_fxai
from fxai.llm.signal_agent import read_signal_agent
from fxai.market.scores.track_record import read_track_record
from signal_story import signal_settings, write_signal_story

pytestmark = pytest.mark.usefixtures("inline_workers")

AGENT = "optuna_results/signals/best_agent"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder with a study of two trials, and the output of its run."""
    folder = tmp_path_factory.mktemp("commands")
    write_signal_story(folder)
    study = {
        "study_name": "signals",
        "objective": "llm_signal",
        "metric_name": "total_return",
        "n_trials": 2,
        "confirm": "off",
        "verdict": "off",
        "seeds_per_trial": 2,
        "parameters": {"decisions.lookahead": {"type": "int", "low": 1, "high": 3}},
        "training_config": signal_settings(folder, training={"max_train_steps": 2}),
    }
    (folder / "spec.yaml").write_text(yaml.safe_dump({"name": "s", "save_study_plots": False, "studies": [study]}))
    return folder, call_fxai(folder, "run", "--spec", "spec.yaml", "--n-jobs", "1", "--quiet")


def test_a_run_leaves_a_folder_that_evaluate_scores_as_the_search(finished: tuple[Path, Finished]) -> None:
    folder, run = finished
    assert run.code == 0, run.err
    assert f"fxai evaluate {AGENT}" in run.out
    agent = read_signal_agent(folder / AGENT)
    assert len(agent.seeds) == 2
    done = call_fxai(folder, "evaluate", AGENT, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["split"] == "validation"
    assert document["made_of"]["seeds"] == list(agent.seeds)
    record = read_track_record(folder / "optuna_results/signals/best_agent_validation.json")
    assert record.equity[-1] - 1 == pytest.approx(document["metrics"]["total_return"], abs=1e-9)


def test_a_look_at_the_test_split_is_counted_and_says_what_the_model_may_know(
    finished: tuple[Path, Finished],
) -> None:
    looks = [call_fxai(finished[0], "evaluate", AGENT, "--split", "test").err for _ in range(2)]
    assert "so far: 1" in looks[0]
    assert "so far: 2" in looks[1]
    assert "may have read what came next" in looks[0]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--data", "other.csv"), "--data applies to agents of fx_trading only"),
        (("--export", "model.onnx"), r"in peft's format"),
        (("--split", "all"), "there is no split 'all'"),
    ],
)
def test_options_that_do_not_apply_are_refused(
    finished: tuple[Path, Finished], option: tuple[str, str], message: str
) -> None:
    refused = call_fxai(finished[0], "evaluate", AGENT, *option)
    assert refused.code == 2
    assert message in refused.err


def test_train_trains_the_same_adapters_again(finished: tuple[Path, Finished]) -> None:
    folder = finished[0]
    done = call_fxai(folder, "train", "optuna_results/signals/signals_best_config.yaml", "--output", "again", "--quiet")
    assert done.code == 0, done.err
    assert "Agent: again/agent" in done.out
    first, again = read_signal_agent(folder / AGENT), read_signal_agent(folder / "again" / "agent")
    assert again.seeds == first.seeds
    assert (again.config, again.scoring_config) == (first.config, first.scoring_config)
    values = [json.loads(call_fxai(folder, "evaluate", each, "--json").out)["metrics"] for each in (AGENT, "again")]
    assert values[0]["total_return"] == pytest.approx(values[1]["total_return"], abs=1e-9)


def test_an_export_has_the_adapters_and_says_what_it_lacks(finished: tuple[Path, Finished]) -> None:
    folder = finished[0]
    done = call_fxai(folder, "export", "signals", "--output", "out")
    assert done.code == 0, done.err
    assert read_signal_agent(folder / "out" / "best_agent").seeds == read_signal_agent(folder / AGENT).seeds
    text = (folder / "out" / "README.md").read_text()
    assert "The language model, the prices and the news are not in this folder." in text
