"""Deep Q-networks (DQN): each roll-out is added to a replay buffer; gradient steps use samples of the buffer.

Source: Mnih et al. 2015, doi 10.1038/nature14236, algorithm 1, with many parallel environments. The variants are
switches of `DqnConfig`; `dqn_loss.py`, `q_network.py` and `replay_buffer.py` implement them.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from fxai.rl.algorithms.adam import LaneAdam, norm_and_clip_factor
from fxai.rl.algorithms.dqn_loss import STATISTICS, bootstrap, dqn_loss_gradient
from fxai.rl.algorithms.epsilon_greedy import EpsilonSchedule, epsilon_greedy
from fxai.rl.algorithms.hyperparameters import lane_numbers
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.algorithms.replay_buffer import DrawnTransitions, ReplayBuffer
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.kernels import DqnNumbers, TransitionArrays, dqn_steps
from fxai.rl.lanes import counter_rng
from fxai.rl.lanes.active_lanes import active_lanes, is_known_empty
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.lanes.running_mean import RunningMean
from fxai.rl.lanes.state import prefixed, without_prefix
from fxai.rl.networks.dropout import Dropout
from fxai.rl.networks.mlp import Mlp
from fxai.spec.fields.dqn_config import DqnConfig


class Dqn:
    """DQN for all lanes of a pack; implements `Learner`.

    Actions use the online network without dropout; gradient steps use dropout. In an update without gradient steps, all
    statistics but epsilon are NaN.
    """

    statistics = (*STATISTICS, "grad_norm", "epsilon")

    def __init__(
        self, configs: Sequence[DqnConfig], policy: QNetwork, collector: Collector, seeds: Tensor, dropout: Dropout
    ) -> None:
        """Initialize weights, target network, optimizer and replay buffer.

        Args:
            configs: One per lane, of equal `pack.signature`.
            policy: Action values.
            collector: Environments.
            seeds: [lane] int64, on the host, where the initial weights are computed.
            dropout: Masks.
        """
        self.policy, self._collector, self._seeds, self._dropout = policy, collector, dropout.seeds, dropout
        self._config, device = configs[0], dropout.seeds.device
        self._network = policy.network if isinstance(policy.network, Mlp) else None
        self._gamma = lane_numbers(configs, lambda c: c.gamma, device)
        self._grad_norm = lane_numbers(configs, lambda c: c.max_grad_norm, device)
        self._target_tau = lane_numbers(configs, lambda c: c.target_tau, device)
        self._exploration = EpsilonSchedule.of(configs, device)
        self._schedule = _Schedule(configs, device)
        self.weights = policy.initial(seeds).to(device)
        self._target = self.weights.clone()
        self._adam = LaneAdam.of(self.weights)
        ring = self._config.replay_size // self._config.n_envs
        self._replay = ReplayBuffer(collector.observation, steps=ring, n_step=self._config.n_step)

    def update(self, clock: Tensor, rate: Tensor) -> Tensor:
        steps = self._config.steps_per_rollout
        epsilon = self._exploration.epsilon(clock)
        choose = partial(epsilon_greedy, epsilon=epsilon)
        self._replay.write(self._collector.collect(self._prefer, choose, steps=steps, clock=clock), clock * steps)
        return torch.cat([self._improve(clock, rate), epsilon.unsqueeze(1)], dim=1)

    @torch.no_grad()
    def _improve(self, clock: Tensor, rate: Tensor) -> Tensor:
        """Gradient steps of the lanes with enough transitions. Returns means of all statistics but epsilon."""
        running_mean = RunningMean.of(self.weights, len(STATISTICS) + 1)
        is_learning = self._schedule.is_learning(clock)
        if not is_known_empty(is_learning):
            drawn = self._draw(clock)
            done = self._schedule.done(clock)
            if self._network is not None and runs_on_kernels(self.weights):
                return self._steps_by_kernel(self._network, drawn, done, is_learning, rate)
            for step, lanes in enumerate(self._schedule.lanes_by_step):
                active = is_learning[:lanes] & (self._schedule.steps[:lanes] > step)
                running_mean.add(self._step(drawn, step, done[:lanes] + step, active, rate[:lanes]), active)
        return running_mean.means()

    def _steps_by_kernel(
        self, network: Mlp, drawn: DrawnTransitions, done: Tensor, is_learning: Tensor, rate: Tensor
    ) -> Tensor:
        """All gradient steps of this update as one compiled loop. Returns the means of their statistics."""
        statistics = self.weights.new_empty(len(self.weights), len(STATISTICS) + 1)
        transitions = *self._replay.columns(), drawn.first, drawn.last, drawn.reward, drawn.discount
        steps = self._schedule.steps * is_learning, done, self._schedule.target_interval
        numbers = rate, self._grad_norm, self._target_tau, *self._dropout.streams()
        dqn_steps(
            self.weights.numpy(),
            self._target.numpy(),
            self._adam.arrays(),
            TransitionArrays(*(each.numpy() for each in transitions)),
            DqnNumbers(*(each.numpy() for each in (*steps, *numbers))),
            network.widths,
            self.policy.critics,
            self.policy.dueling,
            self._config.double,
            statistics.numpy(),
        )
        return statistics

    def _draw(self, clock: Tensor) -> DrawnTransitions:
        """Transitions of all gradient steps of this update, [lane, step, sample]."""
        shape = (len(self._schedule.lanes_by_step), self._config.batch_size)
        bits = counter_rng.bits(self._seeds, counter_rng.Purpose.REPLAY, clock, shape)
        return self._replay.draw(bits, (clock + 1) * self._config.steps_per_rollout, self._gamma)

    def _step(self, drawn: DrawnTransitions, step: int, done: Tensor, active: Tensor, rate: Tensor) -> Tensor:
        """One gradient step of the active ones among the first lanes. Returns its statistics.

        `done` [lane] is the number of earlier gradient steps.
        """
        lanes = len(active)
        weights, target = self.weights[:lanes], self._target[:lanes]
        batch = self._replay.transitions(drawn, step, lanes)
        future = bootstrap(self.policy, weights, target, batch.next_observation, double=self._config.double)
        target_value = torch.addcmul(batch.reward, batch.discount, future)
        values, vjp = self.policy.vjp(weights, batch.observation, self._keep(done))
        loss = dqn_loss_gradient(values, batch.action, target_value)
        gradient = vjp(loss.values)
        norm, clip_factor = norm_and_clip_factor(gradient, self._grad_norm[:lanes])
        adam = self._adam.first(lanes)
        (factors,) = adam.step_factors(rate, active, 1)
        adam.step(weights, gradient, clip_factor, factors)
        updates_target = active & ((done + 1).remainder(self._schedule.target_interval[:lanes]) == 0)
        target.lerp_(weights, (self._target_tau[:lanes] * updates_target).unsqueeze(1))
        return torch.cat([loss.statistics, norm.unsqueeze(1)], dim=1)

    def state(self) -> dict[str, Tensor]:
        return {
            "weights": self.weights,
            "target": self._target,
            **prefixed("adam.", self._adam.state()),
            **prefixed("replay.", self._replay.state()),
            **prefixed("env.", self._collector.state()),
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.weights.copy_(state["weights"])
        self._target.copy_(state["target"])
        self._adam.restore(without_prefix("adam.", state))
        self._replay.restore(without_prefix("replay.", state))
        self._collector.restore(without_prefix("env.", state))

    def _prefer(self, observation: Tensor, _number: Tensor) -> Tensor:
        return self.policy.preferences(self.weights, observation)

    def _keep(self, done: Tensor) -> Tensor | None:
        """Dropout factors of a minibatch. Sample numbers count the samples of all gradient steps."""
        count = self._config.batch_size
        return self._dropout.keep(done.unsqueeze(1) * count + torch.arange(count, device=done.device))


class _Schedule:
    """The gradient steps of each lane by its update number; all tensors are [lane] int64."""

    def __init__(self, configs: Sequence[DqnConfig], device: torch.device) -> None:
        steps = [config.gradient_steps for config in configs]
        starts = [max(0, -(-config.learning_starts // config.rollout_size) - 1) for config in configs]
        self.steps = torch.tensor(steps, device=device)
        self.lanes_by_step = active_lanes(steps, device)
        self.target_interval = torch.tensor([config.target_interval for config in configs], device=device)
        self._first = torch.tensor(
            starts, device=device
        )  # update after which the buffer has learning_starts transitions

    def is_learning(self, clock: Tensor) -> Tensor:
        """Whether each lane takes gradient steps in update `clock`, [lane] bool."""
        return clock >= self._first

    def done(self, clock: Tensor) -> Tensor:
        """Number of gradient steps of each lane before update `clock`."""
        return (clock - self._first).clamp(min=0) * self.steps
