"""The objective `fx_trading` with `algorithm: dqn`: resume, agent, and learning from a known signal."""

from collections.abc import Generator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from fxai.market.markets.dataset import prepare, with_oracle
from fxai.market.scores.scored_steps import SCORES
from fxai.objectives.fx_trading import run_trial
from fxai.objectives.train_agent import train_agent
from fxai.protocol import JsonObject, Outcome, Report, Slot, TrialPaths, TrialRequest
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.algorithms.dqn import Dqn
from fxai.rl.lanes.policy import greedy
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig

ERRORS = {*(f"{name}_error" for name in SCORES), "standard_error", "standard_error_market"}  # of one seed
CONFIG: JsonObject = {
    "model": {"d_model": 16, "n_layers": 1},
    "training": {
        "algorithm": "dqn",
        "total_updates": 6,
        "eval_frequency": 2,
        "n_envs": 4,
        "rollout_steps": 8,
        "batch_size": 16,
        "buffer_size": 128,
        "learning_starts": 64,
        "gradient_steps": 3,
        "double": True,
        "dueling": True,
        "twin": True,
        "n_step": 3,
    },
}


def trial(directory: Path) -> Generator[Report, None, Outcome]:
    request = TrialRequest(
        study="fx_ai_dqn",
        number=4,
        attempt=0,
        objective="fx_trading",
        params={},
        config=CONFIG,
        base_config=CONFIG,
        seeds=(11,),
        metric="mean_reward",
        directory=directory,
    )
    return run_trial(request, Slot(index=0))


def test_reports(tmp_path: Path):
    reports = list(trial(tmp_path))
    assert [report.step for report in reports] == [2, 4, 6]
    assert set(reports[0].metrics) == {*SCORES, *ERRORS, *Dqn.statistics, "steps_per_second"}


def test_a_trial_closed_at_a_report_resumes_to_the_same_agent(tmp_path: Path):
    whole = list(trial(tmp_path / "whole"))
    stopped = trial(tmp_path / "cut")
    list(islice(stopped, 2))
    stopped.close()
    resumed = list(trial(tmp_path / "cut"))
    assert [report.value for report in resumed] == [report.value for report in whole]
    agents = [load_agent(TrialPaths(tmp_path / name).agent) for name in ("whole", "cut")]
    assert np.array_equal(agents[0].weights, agents[1].weights)


def test_the_agent_acts_from_its_file(tmp_path: Path):
    list(trial(tmp_path))
    agent = load_agent(TrialPaths(tmp_path).agent)
    window = EnvConfig().observation_window
    seen = torch.zeros(1, 5, window, len(agent.standardizer.names) + 4)
    assert greedy(agent.policy, torch.from_numpy(agent.weights), seen).shape == (1, 5)


@pytest.mark.parametrize("relative", [{}, {"double": True, "dueling": True, "twin": True, "n_step": 3}])
def test_it_learns_to_trade_on_the_next_return(relative: dict[str, bool | int]):
    market = with_oracle(prepare(DataConfig()))
    algorithm = DqnConfig(
        total_updates=50, eval_frequency=50, learning_rate=3e-3, gamma=0.5, target_tau=0.05, **relative
    )
    config = TrainingConfig(
        env=EnvConfig(observation_window=2), model=ModelConfig(d_model=32, n_layers=1), training=algorithm
    )
    scores = train_agent(config, config.env, seed=0, market=market).evaluations[-1].metrics[0]
    validation = market.splits.validation
    moves = np.abs(np.diff(np.log(market.open[validation.start + 1 : validation.stop]))).sum()
    assert np.log1p(scores["total_return"]) > 0.6 * moves
    assert scores["sharpe"] > 20
