"""Trials of one study with different observations run in one worker and are scored on the same bars."""

from pathlib import Path
from typing import Any

import pytest
import torch

from fxai.market.markets.dataset import prepare
from fxai.objectives.fx_trading import open_lanes, signature
from fxai.protocol import Decision, LanePlan, Report, Slot, TrialPaths, TrialRequest, TrialResult
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.scoring import Scorer
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure

BASE = TrainingConfig.model_validate(
    {
        "data": {"split": {"embargo_bars": 24}},
        "model": {"widths": [8, 6]},
        "training": {
            "total_updates": 2,
            "eval_frequency": 1,
            "n_envs": 4,
            "rollout_steps": 16,
            "n_epochs": 1,
            "batch_size": 32,
        },
    }
)
SEEN: tuple[dict[str, Any], ...] = (
    {},
    {"env.observation_window": 1},
    {"env.observation_window": 40},
    {"data.features.volatility_windows": "[24, 700]"},
    {"data.features.return_horizons": "[]", "data.features.volatility_windows": "[]", "env.observation_window": 3},
    {"data.features.time": False, "data.features.bar_range": False},
    {"model.widths.0": 12, "model.widths.1": 3},
)


def request(number: int, folder: Path) -> TrialRequest:
    config = configure(BASE, SEEN[number]).model_dump(mode="json")
    return TrialRequest(
        study="seen",
        number=number,
        attempt=0,
        objective="fx_trading",
        params=SEEN[number],
        config=config,
        base_config=BASE.model_dump(mode="json"),
        seeds=(number,),
        metric="mean_reward",
        directory=folder / str(number),
        signature=signature(config),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[TrialRequest], dict[int, TrialResult]]:
    """The trials and their results from the lanes of one worker."""
    folder = tmp_path_factory.mktemp("seen")
    requests = [request(number, folder) for number in range(len(SEEN))]
    at_work = open_lanes(LanePlan("fx_trading", BASE.model_dump(mode="json"), lanes=4), Slot(index=0))
    for each in requests:
        at_work.admit(each)
    results = {}
    while at_work.busy:
        for came in at_work.advance():
            if isinstance(came, Report):
                at_work.decide(came.number, Decision.CONTINUE)
            else:
                results[came.number] = came
    return requests, results


def test_each_observation_has_a_signature_of_its_own(
    trained: tuple[list[TrialRequest], dict[int, TrialResult]],
) -> None:
    requests, results = trained
    assert len({each.signature for each in requests}) == len(SEEN)
    assert [results[number].error for number in range(len(SEEN))] == [None] * len(SEEN)


def test_each_trial_is_scored_on_the_bars_of_the_study(
    trained: tuple[list[TrialRequest], dict[int, TrialResult]],
) -> None:
    """The saved agent's score on the study's validation bars is the value of its trial."""
    bars = prepare(BASE.data).splits.validation
    requests, results = trained
    for each in requests:
        agent = load_agent(TrialPaths(each.directory).agent)
        market = prepare(agent.config.data, agent.standardizer)
        scorer = Scorer(
            on_device(market, torch.device("cpu")), ScoredSpan(bars, market.bars_per_year, BASE.env, [agent.config.env])
        )
        (score,) = scorer(agent.policy, torch.from_numpy(agent.weights))
        assert score.metrics["mean_reward"] == results[each.number].value
        assert score.metrics["trades"] == results[each.number].metrics["trades"]


def test_longer_features_delay_only_the_train_split() -> None:
    splits = [prepare(configure(BASE, seen).data).splits for seen in SEEN]
    assert len({each.validation for each in splits}) == len({each.test for each in splits}) == 1
    assert len({each.train.stop for each in splits}) == 1
    assert {each.train.start for each in splits} == {120, 700, 24}


def test_agents_keep_the_width_of_each_layer(trained: tuple[list[TrialRequest], dict[int, TrialResult]]) -> None:
    requests, _ = trained
    agent = load_agent(TrialPaths(requests[-1].directory).agent)
    assert agent.config.model.widths == (12, 3)
    assert agent.config == TrainingConfig.model_validate(requests[-1].config)
