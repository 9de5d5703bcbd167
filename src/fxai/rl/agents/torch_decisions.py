"""What policies decide that torch computes."""

import torch

from fxai.market.markets.dataset import Market
from fxai.market.splits.splits import Span
from fxai.rl.agents.agent_header import Weights
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.environment.observation import Observation
from fxai.rl.lanes.policy import Policy, greedy
from fxai.spec.fields.env_config import EnvConfig

_VISITED = 256  # observations at most


@torch.no_grad()
def preferences_of(policy: Policy, weights: Weights, observations: Observation) -> Observation:
    """Preferences [observation, action] of a policy with weights [1, size]."""
    preferences = policy.preferences(torch.from_numpy(weights), torch.from_numpy(observations)[None])
    found: Observation = preferences[0].T.numpy()
    return found


@torch.no_grad()
def visited_observations(policy: Policy, weights: Weights, market: Market, span: Span, env: EnvConfig) -> Observation:
    """Observations [observation, window, column] that the greedy policy visits from the start of the span."""
    tensors, starts = on_device(market, torch.device("cpu")), torch.tensor([[span.start]])
    market_env = MarketEnv(tensors, span, [env], torch.zeros(1, dtype=torch.int64), 1, starts=starts)
    of_policy, seen = torch.from_numpy(weights), [market_env.reset()]
    while len(seen) < min(_VISITED, len(span) - 1):
        seen.append(market_env.step(greedy(policy, of_policy, seen[-1])).observation)
    found: Observation = torch.cat([each[0] for each in seen]).numpy()
    return found
