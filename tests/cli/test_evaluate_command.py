"""`fxai evaluate` on the agent that a run left, and what the run wrote of it itself."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cli.conftest import Finished, Fxai, call_fxai
from fxai.market.scores.track_record import read_track_record
from fxai.metric_text import metric_texts
from fxai.objectives.train_agent import train_agent
from fxai.results.paths import StudyPaths
from fxai.results.track_files import is_of
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.spec.fields.training_config import TrainingConfig
from instrument_bars import write_instruments

SmallRun = tuple[Path, Finished]


@pytest.fixture
def left(small_run: SmallRun) -> StudyPaths:
    return StudyPaths(small_run[0] / "optuna_results", "small")


@pytest.fixture
def agent(left: StudyPaths, folder: Path) -> Path:
    """The run's agent, by itself in the working folder: nothing else of the study is there."""
    copied = folder / "agent.safetensors"
    shutil.copy(left.best_agent, copied)
    return copied


def test_a_run_leaves_what_its_best_agent_does(small_run: SmallRun, left: StudyPaths) -> None:
    assert small_run[1].out.count("best_agent_validation.json") == 1
    best = json.loads(left.best_params.read_text())
    record = read_track_record(left.track_record)
    assert record.split == "validation"
    assert record.metrics["mean_reward"] == pytest.approx(best["value"], rel=1e-5)
    assert record.metrics["sharpe"] == pytest.approx(best["metrics"]["sharpe"], rel=1e-4)
    assert is_of(left.best_agent, left.track_record)


def test_a_device_that_is_not_there_is_refused(agent: Path, folder: Path) -> None:
    refused = call_fxai(folder, "evaluate", agent.name, "--device", "99")
    assert refused.code == 2
    assert "this machine has no device '99'; its devices are cpu" in refused.err
    assert [each.name for each in folder.iterdir()] == [agent.name]


def test_that_it_cannot_be_written_fails_no_study(small_run: SmallRun, tmp_path: Path) -> None:
    shutil.copytree(small_run[0], tmp_path / "run")
    record = tmp_path / "run" / "optuna_results" / "small" / "best_agent_validation.json"
    record.unlink()
    (record / "in_the_way").mkdir(parents=True)
    again = call_fxai(tmp_path / "run", "--spec", "small.yaml", "--n-jobs", "1", "--quiet")
    assert again.code == 0
    assert "Warning: " in again.err
    assert "could not be written" in again.err
    assert "best_agent_validation.json" not in again.out


def test_it_prints_and_writes_what_the_agent_does(fxai: Fxai, agent: Path, left: StudyPaths) -> None:
    finished = fxai("evaluate", "agent.safetensors")
    assert (finished.code, finished.err) == (0, "")
    record = read_track_record(agent.with_name("agent_validation.json"))
    assert record.metrics == read_track_record(left.track_record).metrics
    assert f"eurusd_1h, validation: {len(record):,} bars, {record.times[0]} to {record.times[-1]}" in finished.out
    assert "buy and hold" in finished.out
    assert metric_texts(record.metrics, value_of="", trading=True)["sharpe"] in finished.out
    assert "_error" not in finished.out
    assert finished.out.count("± is one standard error of the stretch of market.") == 1
    with agent.with_name("agent_validation_bars.csv").open() as file:
        bars = list(csv.DictReader(file))
    assert [row["time"] for row in bars] == list(record.times)
    assert float(bars[-1]["equity"]) == pytest.approx(record.equity[-1])
    assert float(bars[-1]["buy_and_hold"]) == pytest.approx(record.baselines["buy_and_hold"][-1])
    with agent.with_name("agent_validation_trades.csv").open() as file:
        assert [float(row["profit"]) for row in csv.DictReader(file)] == pytest.approx(
            [trade.profit for trade in record.trades], abs=1e-9
        )


def test_evaluations_on_the_test_split_are_warned_of_and_counted(fxai: Fxai, agent: Path) -> None:
    first, second = (fxai("evaluate", "agent.safetensors", "--split", "test", "--output", "out") for _ in range(2))
    assert "a choice made by the test split can no longer be judged" in first.err
    assert "so far: 1" in first.err
    assert "so far: 2" in second.err
    looks = [json.loads(line) for line in agent.with_name("test_looks.jsonl").read_text().splitlines()]
    assert [look["split"] for look in looks] == ["test", "test"]
    assert looks[0]["agent_hash"] == read_track_record(Path("out/agent_test.json")).made_of["agent_hash"]


def test_other_bars_are_scored_completely_and_not_counted(fxai: Fxai, agent: Path) -> None:
    finished = fxai("evaluate", "agent.safetensors", "--data", "shuffled_1h:3", "--json")
    assert (finished.code, finished.err) == (0, "")
    told = json.loads(finished.out)
    assert (told["split"], told["bars"]) == ("all", 6104)
    assert told["files"][0].endswith("agent_eurusd_1h_shuffled_by_3_all.json")
    assert set(told["baselines"]) == {"buy_and_hold", "sell_and_hold", "flat"}
    assert not agent.with_name("test_looks.jsonl").exists()


def test_bars_of_the_training_draw_a_warning(fxai: Fxai, agent: Path) -> None:
    assert "was trained on these bars" in fxai("evaluate", agent.name, "--split", "train").err


def test_bars_that_changed_since_are_named(fxai: Fxai, agent: Path, folder: Path) -> None:
    """An agent whose data file has grown: its splits have moved."""
    rows = ["time,open,high,low,close"]
    rows += [
        f"2020-01-{1 + n // 24:02}T{n % 24:02}:00,{1 + n % 7 / 1e3},1.01,0.99,{1 + n % 5 / 1e3}" for n in range(700)
    ]
    (folder / "mine.csv").write_text("\n".join(rows[:600]))
    config = TrainingConfig.model_validate(
        {
            "data": {"source": "mine.csv", "split": {"embargo_bars": 24}},
            "model": {"d_model": 4},
            "training": {"total_updates": 1, "n_envs": 2, "rollout_steps": 8, "batch_size": 8, "n_epochs": 1},
        }
    )
    train_agent(config, config.env, seed=0).agent.save(folder / "mine.safetensors")
    assert fxai("evaluate", "mine.safetensors").err == ""
    (folder / "mine.csv").write_text("\n".join(rows))
    assert "mine.csv has changed since the agent was trained" in fxai("evaluate", "mine.safetensors").err


def test_members_and_strategies_stand_beside_an_ensemble(fxai: Fxai, folder: Path) -> None:
    config = TrainingConfig.model_validate(
        {
            "ensemble": {"agents": ["a2c", "ppo"], "vote": "weighted"},
            "model": {"d_model": 4},
            "training": {"total_updates": 1, "n_envs": 2, "rollout_steps": 8, "batch_size": 8, "n_epochs": 1},
        }
    )
    train_agent(config, config.env, seed=0).agent.save(folder / "votes.safetensors")
    finished = fxai("evaluate", "votes.safetensors")
    assert (finished.code, finished.err) == (0, "")
    table = finished.out.partition("Alone on the same bars")[2]
    for name in ("ensemble", "a2c_0", "ppo_1", "buy and hold", "flat"):
        assert f" {name} " in table
    document = json.loads(fxai("evaluate", "votes.safetensors", "--json").out)
    assert list(document["members"]) == ["a2c_0", "ppo_1"]
    assert document["members"]["ppo_1"].keys() <= document["metrics"].keys()


def test_a_committee_is_evaluated_like_an_agent(fxai: Fxai, agent: Path, folder: Path) -> None:
    alone = load_agent(agent)
    other = replace(alone, seed=alone.seed + 1, weights=alone.weights[:, ::-1].copy())
    Committee.of([alone, other]).save(folder / "committee.safetensors")
    finished = fxai("evaluate", "committee.safetensors", "--split", "test", "--export", "committee.pt2")
    assert finished.code == 0
    assert "committee.safetensors (a committee of 2 agents) on eurusd_1h, test" in finished.out
    record = read_track_record(folder / "committee_test.json")
    assert record.made_of["seeds"] == [alone.seed, other.seed]
    assert is_of(folder / "committee.safetensors", folder / "committee_test.json")
    assert Path("committee.pt2").stat().st_size > 0


def test_a_committee_of_one_is_evaluated_as_its_agent(fxai: Fxai, agent: Path, folder: Path) -> None:
    Committee.of([load_agent(agent)]).save(folder / "committee.safetensors")
    for each in ("agent", "committee"):
        assert fxai("evaluate", f"{each}.safetensors").code == 0
    alone, committee = (read_track_record(folder / f"{each}_validation.json") for each in ("agent", "committee"))
    assert {**alone.as_json(), "made_of": {}} == {**committee.as_json(), "made_of": {}}


def test_an_export_is_left_beside_it(fxai: Fxai, agent: Path) -> None:
    finished = fxai("evaluate", agent.name, "--export", "agent.pt2")
    assert finished.code == 0
    assert finished.out.rstrip().endswith("agent.pt2")
    assert Path("agent.pt2").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("nothing.safetensors",), "nothing.safetensors cannot be read"),
        (("damaged.safetensors",), "cannot be read as a safetensors file"),
        (("agent.safetensors", "--split", "tset"), "there is no split 'tset'"),
        (("agent.safetensors", "--data", "nothing.csv"), "no data set and no file 'nothing.csv'"),
        (("agent.safetensors", "--data", "short.csv"), "at least 32"),
        (("agent.safetensors", "--export", "agent.pkl"), "has an unknown suffix"),
    ],
)
def test_what_is_wrong_is_said(fxai: Fxai, agent: Path, folder: Path, arguments: tuple[str, ...], fault: str) -> None:
    (folder / "damaged.safetensors").write_bytes(agent.read_bytes()[:500])
    rows = [f"2020-01-{1 + n // 24:02}T{n % 24:02}:00,1.0,1.1,0.9,1.0,{n + 1}" for n in range(140)]
    (folder / "short.csv").write_text("\n".join(["time,open,high,low,close,volume", *rows]))
    refused = fxai("evaluate", *arguments)
    assert refused.code == 2
    assert fault in refused.err


@pytest.fixture
def of_instruments(folder: Path) -> Path:
    """The file of an agent that was trained on three instruments."""
    data = {"source": write_instruments(folder / "bars"), "features": {"volatility_windows": [24]}}
    quick = {"total_updates": 1, "n_envs": 2, "rollout_steps": 16, "n_epochs": 1, "batch_size": 32}
    config = TrainingConfig.model_validate({"data": data, "model": {"d_model": 8}, "training": quick})
    train_agent(config, config.env, seed=0).agent.save(folder / "agent.safetensors")
    return folder / "agent.safetensors"


def test_an_agent_of_several_instruments_is_scored_on_each(fxai: Fxai, of_instruments: Path, folder: Path) -> None:
    finished = fxai("evaluate", "agent.safetensors")
    assert all(f"│ {name} " in finished.out for name in ("AUD", "EUR", "JPY", "mean", "equal weights"))
    document = json.loads(fxai("evaluate", "agent.safetensors", "--json").out)
    values = [each["metrics"]["sharpe"] for each in document["instruments"].values()]
    assert document["metrics"]["sharpe"] == pytest.approx(sum(values) / 3)
    assert document["equal_weights"]["max_drawdown"] < document["metrics"]["max_drawdown"]
    alone = json.loads(fxai("evaluate", "agent.safetensors", "--instrument", "EUR", "--json").out)
    assert alone["metrics"] == document["instruments"]["EUR"]["metrics"]
    assert (folder / "agent_EUR_validation.json").is_file()


def test_other_data_are_those_of_an_instrument(fxai: Fxai, of_instruments: Path, folder: Path) -> None:
    shutil.copy(folder / "bars" / "EUR.csv", folder / "later.csv")
    (folder / "later.csv").write_text((folder / "later.csv").read_text().replace("2023-", "2024-"))
    unnamed = fxai("evaluate", "agent.safetensors", "--data", "later.csv")
    assert unnamed.code == 2
    assert "say which one later.csv has with --instrument AUD" in unnamed.err
    named = json.loads(
        fxai("evaluate", "agent.safetensors", "--data", "later.csv", "--instrument", "EUR", "--json").out
    )
    mapped = json.loads(fxai("evaluate", "agent.safetensors", "--data", "{EUR: later.csv}", "--json").out)
    assert named["split"] == "all"
    assert mapped["instruments"]["EUR"]["metrics"] == named["metrics"]
    assert "not trained on GBP" in fxai("evaluate", "agent.safetensors", "--data", "{GBP: later.csv}").err


def test_a_look_at_the_test_split_of_all_instruments_is_one(fxai: Fxai, of_instruments: Path, folder: Path) -> None:
    assert "Looks recorded in . so far: 1" in fxai("evaluate", "agent.safetensors", "--split", "test").err
    (look,) = (json.loads(line) for line in (folder / "test_looks.jsonl").read_text().splitlines())
    assert look["instruments"] == ["AUD", "EUR", "JPY"]
    assert look["data_hash"] == load_agent(of_instruments).data_hash
