"""`fxai run --engine ray`: a study on a cluster, and what is refused before anything is written."""

import re
import sqlite3
from pathlib import Path

import pytest

from cli.conftest import Fxai
from fxai.pool.ray import reach
from ray_cluster import SmallCluster

SPEC = """\
name: own
save_study_plots: false
studies:
  - study_name: own
    objective: "own:train"
    n_trials: 6
    direction: maximize
    resources: {cpu: 1}
    parameters: {x: {type: float, low: 0, high: 1}}
"""
CODE = """\
def train(trial):
    trial.report(1, trial.params["x"])
    return trial.params["x"]
"""


@pytest.fixture
def spec(folder: Path) -> Path:
    (folder / "own.py").write_text(CODE)
    (folder / "own.yaml").write_text(SPEC)
    return folder / "own.yaml"


def test_a_study_runs_on_a_cluster_and_resumes_on_this_machine(
    fxai: Fxai, folder: Path, spec: Path, ray_cluster: SmallCluster
) -> None:
    done = fxai("run", str(spec), "--ray-address", ray_cluster.address)
    assert done.code == 0, done
    assert "Ray has 1 node: " in done.out
    assert re.search("6 trials, [12] worker", done.out), done.out  # an actor of another test may be ending
    assert (folder / "optuna_results" / "own" / "logs" / "ray.log").is_file()
    assert "raylet" not in done.out + done.err
    stored = (folder / "optuna_results" / "own" / "spec.yaml").read_text()
    assert "engine: ray" in stored
    again = fxai("run", str(spec), "--n-trials", "7", "--n-jobs", "1")
    assert again.code == 0, again
    with sqlite3.connect(folder / "optuna_studies.db") as database:
        rows = database.execute("SELECT number, state FROM trials ORDER BY number").fetchall()
    assert rows == [(number, "COMPLETE") for number in range(7)]


def test_a_dry_run_says_where_the_workers_run(fxai: Fxai, spec: Path, ray_cluster: SmallCluster) -> None:
    shown = fxai("run", str(spec), "--ray-address", ray_cluster.address, "--dry-run")
    assert shown.code == 0, shown
    assert f"2 on Ray at {ray_cluster.address}, 1 thread each; 1 node: " in " ".join(shown.out.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--ray-address", "127.0.0.1:1"), "no Ray cluster at 127.0.0.1:1 (ray_address): Connection refused"),
        (("--engine", "ray", "--set", "resources.cpu=1000"), "room for a worker, which takes 1000 CPU: this machine"),
        (("--set", "resources.custom={big: 1}"), "the workers of this machine have no 'big'"),
        (("--engine", "slurm"), "--engine: must be 'local' or 'ray', not 'slurm'"),
        (("--ray-address", "ray://head:10001"), "--ray-address: 'ray://head:10001' is an address of Ray's client"),
        (
            ("--ray-address", "a:1", "--set", "ray_config.address=b:2"),
            "ray_address is a:1, and ray_config.address is b:2; give one of them",
        ),
        (
            ("--ray-address", "a:1", "--set", "ray_config.num_cpus=2"),
            "ray_config: num_cpus is for a Ray that FxAI starts",
        ),
    ],
)
def test_what_cannot_run_is_one_message_and_nothing_is_written(
    fxai: Fxai, folder: Path, spec: Path, options: tuple[str, ...], words: str
) -> None:
    before = set(folder.iterdir())
    refused = fxai("run", str(spec), *options)
    assert refused.code == 2
    assert words in refused.err
    assert refused.err.count("\n") == 1
    assert set(folder.iterdir()) == before


def test_without_the_extra_the_message_names_it(fxai: Fxai, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "find_spec", lambda _name: None)
    refused = fxai("run", str(spec), "--engine", "ray")
    assert refused.code == 2
    assert "pip install 'fxai[ray]'" in refused.err
