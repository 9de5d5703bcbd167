"""The validation score against what episodes earn, and what cannot change it."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from fxai.market.scores.instrument_scores import LaneScore
from fxai.market.scores.scored_steps import SCORES
from fxai.market.splits.splits import Span
from fxai.rl.agents.scoring import Scorer
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.build import build_network
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.env_config import EnvConfig, RewardConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params, trial_config
from tensors_of_bars import tensors_of_bars

SPAN = Span(20, 91)  # 70 steps
BASE = EnvConfig(max_episode_steps=32, observation_window=4)


def market(drift: float = 0.0, seed: int = 0) -> MarketTensors:
    generator = np.random.default_rng(seed)
    close = np.exp(np.cumsum(generator.normal(drift, 1e-3, 100)))
    opens = np.concatenate([[1.0], close[:-1]])
    return tensors_of_bars(
        open=opens,
        close=close,
        nights=np.zeros(100, int),
        features=generator.normal(size=(100, 2)),
        dtype=torch.float64,
    )


def policy(window: int = 4) -> ActorCritic:
    shape = (window, 2 + len(ACCOUNT_FEATURES))
    return ActorCritic(build_network(ModelConfig(d_model=8, n_layers=1), shape, 3))


def always(action: int, lanes: int = 1, window: int = 4) -> torch.Tensor:
    """Weights of a policy that takes one action for every observation."""
    weights = torch.zeros(lanes, policy(window).size, dtype=torch.float64)
    layout = policy(window).network.layout
    layout.views(weights[:, : layout.size])["1.bias"][:, action] = 1.0
    return weights


def scored(
    action: int, base: EnvConfig = BASE, own: EnvConfig | None = None, drift: float = 0.0
) -> Mapping[str, float]:
    own = own or base
    scorer = Scorer(market(drift), ScoredSpan(SPAN, 6000.0, base, [own]))
    (score,) = scorer(policy(own.observation_window), always(action, window=own.observation_window))
    return score.metrics


FLAT, LONG, SHORT = 1, 2, 0


def test_flat_earns_nothing():
    scores = scored(FLAT)
    assert tuple(scores) == SCORES
    assert all(value == 0 for value in scores.values())


def test_long_is_the_price_less_costs_of_each_episode():
    scores = scored(LONG)
    data = market()
    gap, intrabar = (data.quotes[:, i].numpy() for i in (0, 1))
    cost = BASE.spread / 2 + BASE.slippage_rate + BASE.commission_rate
    growth, trades = 1.0, 0
    for start in range(SPAN.start, SPAN.stop - 1, BASE.max_episode_steps):
        end = min(start + BASE.max_episode_steps, SPAN.stop - 1)
        moves = (1 + gap[start + 2 : end + 1]).prod() * (1 + intrabar[start + 1 : end + 1]).prod()
        growth *= moves * (1 - cost) ** 2
        trades += 1
    assert scores["total_return"] == pytest.approx(growth - 1, abs=1e-6)  # costs squared left out
    assert scores["trades"] == trades == 3
    assert scores["turnover"] == pytest.approx(2 * trades / (70 / 6000), rel=0.01)


def test_mean_reward_is_per_step_of_the_span():
    """With pnl as the only term the rewards are the episodes' returns in the coefficient's unit."""
    scores = scored(LONG)
    doubled = BASE.model_copy(update={"reward": RewardConfig(pnl_coefficient=2 * BASE.reward.pnl_coefficient)})
    assert scored(LONG, doubled)["mean_reward"] == pytest.approx(2 * scores["mean_reward"])
    assert scores["mean_reward"] == pytest.approx(scores["total_return"] * BASE.reward.pnl_coefficient / 70, rel=0.05)


def test_what_a_trial_searches_changes_no_score():
    own = BASE.model_copy(
        update={
            "reward": RewardConfig(pnl_coefficient=9000.0),
            "spread": 0.0,
            "commission_rate": 0.0,
            "position_size": 5.0,
            "max_episode_steps": 8,
            "drawdown_limit": 0.001,
        }
    )
    assert scored(LONG, own=own) == scored(LONG)


def test_the_window_moves_no_bar():
    wide = BASE.model_copy(update={"observation_window": 9})
    assert scored(LONG, own=wide) == scored(LONG)


def test_an_agent_that_forgoes_shorts_cannot_be_short():
    humble = BASE.model_copy(update={"allow_short": False})
    assert scored(SHORT, own=humble)["trades"] == 0
    assert scored(SHORT)["trades"] == 3
    assert scored(SHORT, base=humble, own=BASE)["trades"] == 0


def test_the_stops_of_the_agent_count_and_those_of_the_base_do_not():
    stops = BASE.model_copy(update={"stop_loss": 0.001, "take_profit": 0.002})
    scores = scored(LONG, own=stops)
    assert scores["trades"] > scored(LONG)["trades"]
    assert scores["win_rate"] not in (0, 1)
    assert scored(LONG, base=stops, own=BASE) == scored(LONG)
    assert scored(LONG, base=stops, own=stops) == scores


def test_ending_early_earns_nothing_more():
    """A loser that is stopped out answers for every step of the span, not only for those it took."""
    careful = BASE.model_copy(
        update={"drawdown_limit": 0.004, "reward": RewardConfig(bankruptcy_penalty_coefficient=0.0)}
    )
    stopped = scored(LONG, careful, drift=-2e-3)
    assert stopped["trades"] == 3
    assert scored(LONG, drift=-2e-3)["total_return"] < stopped["total_return"] < -0.01
    per_step = stopped["total_return"] * careful.reward.pnl_coefficient / 70
    assert stopped["mean_reward"] == pytest.approx(per_step, rel=0.05)


def test_lanes_are_scored_alone():
    scorer = Scorer(market(), ScoredSpan(SPAN, 6000.0, BASE, [BASE] * 3))
    weights = torch.cat([always(FLAT), always(LONG), always(SHORT)])
    assert [score.metrics for score in scorer(policy(), weights)] == [scored(FLAT), scored(LONG), scored(SHORT)]


def test_scoring_twice_is_scoring_once():
    scorer = Scorer(market(), ScoredSpan(SPAN, 6000.0, BASE, [BASE]))
    (first,), (second,) = (scorer(policy(), always(LONG)) for _ in range(2))
    assert first.metrics == second.metrics
    assert math.isfinite(first.metrics["sharpe"])


def test_parts_are_scored_each_by_itself():
    whole = Span(SPAN.start, SPAN.start + 1 + 4 * 17)  # of the 70 steps two are left over
    scorer = Scorer(market(), ScoredSpan(SPAN, 6000.0, BASE, [BASE], parts=4))
    (whole_score,) = scorer(policy(), always(LONG))
    alone: list[LaneScore] = []
    for start in range(whole.start, whole.stop - 1, 17):
        base = BASE.model_copy(update={"max_episode_steps": 17})
        (part,) = Scorer(market(), ScoredSpan(Span(start, start + 18), 6000.0, base, [base]))(policy(), always(LONG))
        alone.append(part)
    assert tuple(whole_score.metrics) == SCORES
    for name in SCORES:
        values = [part.metrics[name] for part in alone]
        assert whole_score.metrics[name] == pytest.approx(np.mean(values), rel=1e-9), name
        assert whole_score.influences()[name].mean() == pytest.approx(np.mean(values), rel=1e-9), name
    assert np.array_equal(whole_score.returns, np.concatenate([part.returns for part in alone]))


def test_lanes_may_be_scored_on_spans_of_their_own():
    spans = [[SPAN], [Span(0, 41)], [Span(10, 30), Span(30, 95)]]
    policies = torch.cat([always(LONG), always(SHORT), always(LONG)])
    together = Scorer(market(), ScoredSpan(spans, 6000.0, BASE, [BASE] * 3))
    first, second, third = together(policy(), policies)
    alone = [
        Scorer(market(), ScoredSpan(span, 6000.0, BASE, [BASE]))
        for span in (SPAN, Span(0, 41), Span(10, 30), Span(30, 95))
    ]
    actions = (LONG, SHORT, LONG, LONG)
    expected = [scorer(policy(), always(action))[0] for scorer, action in zip(alone, actions, strict=True)]
    assert [first.metrics, second.metrics] == [expected[0].metrics, expected[1].metrics]
    assert np.array_equal(third.returns, np.concatenate([expected[2].returns, expected[3].returns]))
    for name in SCORES:
        assert third.metrics[name] == pytest.approx(np.mean([each.metrics[name] for each in expected[2:]]))
    assert [score.metrics for score in together(policy(), policies, [2, 0])] == [third.metrics, first.metrics]


UNITS = EnvConfig(
    max_episode_steps=32, observation_window=4, sizing="units", initial_cash=50.0, actions="increment", max_position=1
)


def test_an_agent_acts_at_its_own_gap_and_every_bar_is_scored():
    slow = UNITS.model_copy(update={"step_gap": 5})
    scorer = Scorer(market(), ScoredSpan(SPAN, 6000.0, UNITS, [slow]))
    track = scorer.trajectories(policy(), always(LONG))[0]
    assert len(track.bar) == 70
    wide = UNITS.model_copy(update={"max_position": 2})
    scorers = [
        Scorer(market(), ScoredSpan(SPAN, 6000.0, wide, [wide.model_copy(update={"step_gap": n})])) for n in (1, 5)
    ]
    held = [each.trajectories(policy(), always(LONG))[0].steps["position"] for each in scorers]
    assert held[0][:7].tolist() == [0.5, 1, 1, 1, 1, 1, 1]
    assert held[1][:7].tolist() == [0.5, 0.5, 0.5, 0.5, 0.5, 1, 1]


def test_lanes_of_different_gaps_are_scored_as_alone():
    configs = [UNITS.model_copy(update={"step_gap": gap}) for gap in (1, 2, 3)]
    together = Scorer(market(), ScoredSpan(SPAN, 6000.0, UNITS, configs))(policy(), always(LONG, lanes=3))
    alone = [Scorer(market(), ScoredSpan(SPAN, 6000.0, UNITS, [each]))(policy(), always(LONG))[0] for each in configs]
    assert [score.metrics for score in together] == [score.metrics for score in alone]


def test_positions_are_scaled_to_the_largest_one_of_the_base():
    bigger = UNITS.model_copy(update={"max_position": 4, "initial_cash": 10.0})
    (score,) = Scorer(market(), ScoredSpan(SPAN, 6000.0, UNITS, [bigger]))(policy(), always(SHORT))
    base = UNITS.model_copy(update={"positions": bigger.target_positions})
    (same,) = Scorer(market(), ScoredSpan(SPAN, 6000.0, base, [base]))(policy(), always(SHORT))
    assert score.metrics == same.metrics
    assert score.metrics["trades"] == 3


@pytest.mark.parametrize(("slippage", "max_position"), [(1e-8, 1), (1e-5, 1), (1e-5, 3), (0.01, 3)])
def test_what_a_trial_of_the_contest_searches_changes_no_score(slippage: float, max_position: int):
    (study,) = load_spec(find_spec("crypto_ensemble")).studies
    base = study.training_config.env.model_copy(update={"max_episode_steps": 32})
    params = {**default_params(study), "max_position": max_position, "num_sims": 256, "horizon_len_multiplier": 4}
    own = trial_config(study, {**params, "slippage": slippage}).env
    expected = base.model_copy(update={"positions": own.target_positions})
    scores = [
        Scorer(market(), ScoredSpan(SPAN, 6000.0, env, [agent]))(policy(window=1), always(LONG, window=1))[0].metrics
        for env, agent in ((base, own), (expected, expected))
    ]
    assert scores[0] == scores[1]
    costlier = base.model_copy(update={"slippage_rate": 0.01})
    (other,) = Scorer(market(), ScoredSpan(SPAN, 6000.0, costlier, [own]))(policy(window=1), always(LONG, window=1))
    assert other.metrics["total_return"] < scores[0]["total_return"]
    held = Scorer(market(), ScoredSpan(SPAN, 6000.0, base, [own])).trajectories(
        policy(window=1), always(LONG, window=1)
    )[0]
    assert held.steps["position"].max() == 1
