"""Loops over lanes, compiled by numba for the CPU.

With torch's operations each operation of a formula is a pass over memory; a loop computes the whole formula number by
number in one pass. On a CPU, where memory traffic takes most of the time, that is several times faster. Each loop has
an equivalent in torch's operations, which a GPU uses. Each lane is processed separately and in a fixed order, so its
numbers do not depend on its position in the pack.
"""

from fxai.rl.kernels.a2c_step import A2C_STATISTICS, A2cNumbers, a2c_step
from fxai.rl.kernels.actor_critic_samples import RolloutDraws, SampleArrays, actor_critic_samples
from fxai.rl.kernels.adam import BETAS, EPSILON, AdamArrays, adam_step
from fxai.rl.kernels.dqn_steps import DqnNumbers, TransitionArrays, dqn_steps
from fxai.rl.kernels.epsilon_greedy import epsilon_greedy_actions
from fxai.rl.kernels.greedy_steps import STEP_FIELDS, NetArrays, greedy_steps
from fxai.rl.kernels.market_arrays import Environments, MarketArrays
from fxai.rl.kernels.market_step import begin_episodes, market_observation, market_step
from fxai.rl.kernels.mlp import mlp_backward, mlp_forward
from fxai.rl.kernels.ppo_loss import ppo_loss
from fxai.rl.kernels.ppo_steps import KL_TOLERANCE, PPO_STATISTICS, PpoNumbers, PpoStreams, ppo_steps

__all__ = [
    "A2C_STATISTICS",
    "BETAS",
    "EPSILON",
    "KL_TOLERANCE",
    "PPO_STATISTICS",
    "STEP_FIELDS",
    "A2cNumbers",
    "AdamArrays",
    "DqnNumbers",
    "Environments",
    "MarketArrays",
    "NetArrays",
    "PpoNumbers",
    "PpoStreams",
    "RolloutDraws",
    "SampleArrays",
    "TransitionArrays",
    "a2c_step",
    "actor_critic_samples",
    "adam_step",
    "begin_episodes",
    "dqn_steps",
    "epsilon_greedy_actions",
    "greedy_steps",
    "market_observation",
    "market_step",
    "mlp_backward",
    "mlp_forward",
    "ppo_loss",
    "ppo_steps",
]
