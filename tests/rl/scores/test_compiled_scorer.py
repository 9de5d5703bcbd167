"""The compiled loop that takes the steps of a score, compared with the steps of torch's operations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from fxai.market.splits.splits import Span
from fxai.rl.agents import scoring
from fxai.rl.agents.scoring import Scorer, compiled_nets
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.scores.scored_span import ScoredSpan, Trajectory
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig
from tensors_of_bars import tensors_of_bars

BARS, FEATURES = 200, 2
SPANS = [[Span(20, 91), Span(100, 120)], [Span(20, 171)], [Span(30, 60)]]
LANES = 3
CASES: dict[str, dict[str, Any]] = {
    "positions": {},
    "terminated": {"drawdown_limit": 0.004},
    "stops": {"stop_loss": 0.001, "take_profit": 0.002, "spread": 0.0004},
    "increments": {"positions": [-1, -0.5, 0, 0.5, 1], "actions": "increment"},
    "units": {"sizing": "units", "initial_cash": 4.0, "max_position": 3, "actions": "increment"},
    "long only": {"allow_short": False},
}


def market(kind: torch.dtype) -> MarketTensors:
    generator = np.random.default_rng(0)
    close = np.exp(np.cumsum(generator.normal(0, 2e-3, BARS)))
    opens = np.concatenate([[1.0], close[:-1]])
    wicks = np.exp(generator.exponential(1e-3, (2, BARS)))
    high, low = np.maximum(opens, close) * wicks[0], np.minimum(opens, close) / wicks[1]
    features = generator.normal(size=(BARS, FEATURES))
    return tensors_of_bars(
        open=opens, close=close, high=high, low=low, nights=np.zeros(BARS, int), features=features, dtype=kind
    )


def trajectories(algorithm: str, fields: dict[str, Any], kind: torch.dtype, lanes: Sequence[int]) -> list[Trajectory]:
    """Those of untrained policies with a preference, whose decisions are one, two and three bars apart."""
    base = EnvConfig.model_validate({"max_episode_steps": 32, "observation_window": 3, **fields})
    config = TrainingConfig.model_validate(
        {"env": base, "model": {"widths": [19, 7]}, "training": {"algorithm": algorithm}}
    )
    shape = (3, FEATURES + len(ACCOUNT_FEATURES))
    policy = build_policy(config, shape, base.action_count)
    weights = policy.initial(torch.arange(LANES)).to(kind) * (100 if algorithm == "ppo" else 1)
    own = [base.model_copy(update={"step_gap": lane + 1}) for lane in lanes]
    scorer = Scorer(market(kind), ScoredSpan([SPANS[lane] for lane in lanes], 6000.0, base, own))
    scores = scorer(policy, weights[list(lanes)])
    found = scorer.trajectories(policy, weights[list(lanes)])
    assert [each.score.metrics for each in found] == [each.metrics for each in scores]
    return found


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
@pytest.mark.parametrize("case", CASES)
def test_steps_are_those_of_torch(
    case: str, algorithm: str, kind: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = trajectories(algorithm, CASES[case], kind, range(LANES))
    monkeypatch.setattr(scoring, "compiled_nets", lambda _policy, _weights: None)
    by_torch = trajectories(algorithm, CASES[case], kind, range(LANES))
    for ours, theirs in zip(compiled, by_torch, strict=True):
        assert ours.score.metrics == pytest.approx(theirs.score.metrics, rel=0, abs=0, nan_ok=True)
        assert all(np.array_equal(ours.steps[name], theirs.steps[name]) for name in theirs.steps)
    assert len(np.unique(compiled[0].steps["position"])) > 1


def test_an_episode_that_is_terminated_earns_nothing_more() -> None:
    (found, *_) = trajectories("ppo", CASES["terminated"], torch.float32, range(LANES))
    turnover = np.split(found.steps["turnover"], np.flatnonzero(found.begins)[1:])
    assert any(not part[len(part) // 2 :].any() for part in turnover)


def test_a_lane_is_the_same_alone() -> None:
    together = trajectories("ppo", {}, torch.float32, range(LANES))
    for lane in range(LANES):
        (alone,) = trajectories("ppo", {}, torch.float32, [lane])
        assert all(np.array_equal(alone.steps[name], together[lane].steps[name]) for name in alone.steps)


@pytest.mark.parametrize(
    ("model", "training", "is_compiled"),
    [
        ({"type": "mlp"}, {"algorithm": "a2c"}, True),
        ({"type": "gru"}, {"algorithm": "ppo"}, False),
        ({"type": "mlp"}, {"algorithm": "double_dqn"}, True),
        ({"type": "mlp"}, {"algorithm": "d3qn"}, False),
        ({"type": "mlp"}, {"algorithm": "dqn", "twin": True}, False),
    ],
)
def test_it_knows_policies_of_one_net(model: dict[str, Any], training: dict[str, Any], *, is_compiled: bool) -> None:
    config = TrainingConfig.model_validate({"env": {"observation_window": 3}, "model": model, "training": training})
    policy = build_policy(config, (3, FEATURES + len(ACCOUNT_FEATURES)), 3)
    assert (compiled_nets(policy, policy.initial(torch.arange(1))) is not None) == is_compiled
    assert isinstance(policy, ActorCritic) == (training["algorithm"] in ("ppo", "a2c"))
