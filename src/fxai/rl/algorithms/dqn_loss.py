"""Target values and loss of the DQN variants, with the loss's gradient in closed form."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.networks.row_sums import row_mean


@dataclass(frozen=True, slots=True)
class DqnLossGradient:
    """Derivatives of each lane's loss, and statistics of the minibatch."""

    values: Tensor  # [lane, critic, action, sample]
    statistics: Tensor  # [lane, 3]: means over minibatch and critics, named by STATISTICS


STATISTICS = ("q_loss", "q_value", "td_error")


def bootstrap(network: QNetwork, online: Tensor, target: Tensor, observation: Tensor, *, double: bool) -> Tensor:
    """Value [lane, sample] of the next observations [lane, sample, *shape].

    The maximum over the target network's action values (Mnih et al. 2015). If `double`, the target network's value of
    the action that the online network prefers (van Hasselt et al. 2015, arXiv 1509.06461, equation 4). With two
    critics, the minimum of their values for each action (after Fujimoto et al. 2018, arXiv 1802.09477, equation 10).
    """
    values = network.values(target, observation).amin(1)
    if not double:
        return values.amax(1)
    chosen = network.preferences(online, observation).argmax(1, keepdim=True)
    return values.gather(1, chosen).squeeze(1)


def dqn_loss_gradient(values: Tensor, action: Tensor, target: Tensor) -> DqnLossGradient:
    """Gradient of the mean Huber loss between target values and the values of the taken actions.

    The loss is quadratic up to an error of 1 (Mnih et al. 2015, "Methods"). The losses of the critics are added.

    Args:
        values: [lane, critic, action, sample].
        action: [lane, sample].
        target: [lane, sample].
    """
    critics, count = values.shape[1], values.shape[-1]
    taken = action[:, None, None].expand(-1, critics, 1, -1)
    value = values.gather(2, taken)
    error = value - target[:, None, None]
    size = error.abs()
    loss = torch.where(size < 1, 0.5 * error.square(), size - 0.5)
    d_values = torch.zeros_like(values).scatter_(2, taken, error.clamp(-1, 1).div_(count))
    statistics = row_mean(torch.stack([part.flatten(1) for part in (loss, value, size)], dim=1))
    return DqnLossGradient(d_values, statistics)
