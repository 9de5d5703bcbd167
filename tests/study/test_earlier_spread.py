"""A study that began without the file's spread is resumed without it, though a new study reads it."""

from pathlib import Path

import pandas as pd

from cli.conftest import Finished, call_fxai
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.rl.agents.agent_file import load_agent
from fxai.search.attributes import FINGERPRINT
from fxai.search.studies import load_study

SPEC = """\
name: spread
results_dir: results
save_study_plots: false
studies:
  - study_name: {name}
    metric_name: mean_reward
    n_trials: {trials}
    storage: sqlite:///studies.db
    n_jobs: 1
    seeds_per_trial: 1
    sampler: {{type: RandomSampler}}
    pruner: {{type: NopPruner}}
    confirm: off
    verdict: off
    parameters:
      - {{name: training.gamma, type: float, low: 0.9, high: 0.99}}
    training_config:
      data:
        source: bars.csv
{data}        features: {{return_horizons: [1], volatility_windows: [], momentum_windows: [], volume: false}}
      model: {{d_model: 4}}
      training: {{n_envs: 4, rollout_steps: 16, batch_size: 32, n_epochs: 1, total_updates: 2, eval_frequency: 1}}
"""
EARLIER = (
    "        spread_column: null\n        spread_unit: 1.0\n"  # what earlier releases stored if no column was named
)


def test_a_study_keeps_the_spread_with_which_it_began(tmp_path: Path):
    bars = synthetic_market(0, bars=900)
    prices = {name: getattr(bars, name).round(5) for name in ("open", "high", "low", "close")}
    pd.DataFrame({"time": bars.time, **prices, "<SPREAD>": 20}).to_csv(tmp_path / "bars.csv", index=False)
    assert run(tmp_path, "begun", 1, EARLIER).code == 0
    begun = stored(tmp_path, "begun")
    finished = run(tmp_path, "begun", 2, "")
    assert finished.code == 0, finished
    study = load_study(f"sqlite:///{tmp_path / 'studies.db'}", "begun")
    assert [trial.state.is_finished() for trial in study.trials] == [True, True]
    assert stored(tmp_path, "begun") == begun
    assert spread_columns(tmp_path, "begun") == {None}
    assert run(tmp_path, "new", 1, "").code == 0
    assert spread_columns(tmp_path, "new") == {"auto"}


def run(folder: Path, name: str, trials: int, data: str) -> Finished:
    (folder / "spec.yaml").write_text(SPEC.format(name=name, trials=trials, data=data))
    return call_fxai(folder, "run", "--spec", "spec.yaml")


def stored(folder: Path, name: str) -> object:
    return load_study(f"sqlite:///{folder / 'studies.db'}", name).user_attrs[FINGERPRINT]


def spread_columns(folder: Path, name: str) -> set[str | None]:
    """`data.spread_column` of the agents of all trials."""
    files = (folder / "results" / name / "trials").glob("*/agent.safetensors")
    return {load_agent(path).config.data.spread_column for path in files}
