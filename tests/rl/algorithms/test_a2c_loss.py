"""The loss's closed gradient against autograd on the loss as the paper writes it."""

import pytest
import torch

from fxai.rl.algorithms.a2c_loss import STATISTICS, A2cLossWeights, a2c_loss_gradient
from fxai.rl.algorithms.samples import Samples

LANES, COUNT, ACTIONS = 2, 40, 3
WEIGHTS = A2cLossWeights(
    entropy_coef=torch.tensor([0.03, 0.0], dtype=torch.float64),
    value_coef=torch.tensor([0.5, 0.9], dtype=torch.float64),
)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def samples() -> Samples:
    """The log-probabilities and values of the roll-out are no numbers: the loss does not need them."""
    nowhere = torch.full((LANES, COUNT), torch.nan)
    return Samples(
        observation=torch.zeros(LANES, COUNT, 1),
        action=torch.randint(ACTIONS, (LANES, COUNT), generator=torch.Generator().manual_seed(0)),
        log_prob=nowhere,
        value=nowhere,
        advantage=normal(LANES, COUNT, seed=1),
        target=normal(LANES, COUNT, seed=2),
        number=torch.arange(COUNT).expand(LANES, -1),
    )


def test_loss_and_gradient_are_autograds():
    logits, value = (
        normal(LANES, ACTIONS, COUNT, seed=3).requires_grad_(),
        normal(LANES, COUNT, seed=4).requires_grad_(),
    )
    batch = samples()
    with torch.no_grad():
        closed = a2c_loss_gradient(logits, value, batch, WEIGHTS)
    for lane in range(LANES):
        policy = torch.distributions.Categorical(logits=logits[lane].T)
        policy_loss = -(policy.log_prob(batch.action[lane]) * batch.advantage[lane]).mean()
        value_loss = torch.nn.functional.mse_loss(value[lane], batch.target[lane])
        entropy = policy.entropy().mean()
        loss = policy_loss + WEIGHTS.value_coef[lane] * value_loss - WEIGHTS.entropy_coef[lane] * entropy
        d_logits, d_value = torch.autograd.grad(loss, (logits, value))
        torch.testing.assert_close(closed.logits[lane], d_logits[lane])
        torch.testing.assert_close(closed.value[lane], d_value[lane])
        found = dict(zip(STATISTICS, closed.statistics[lane].tolist(), strict=True))
        expected = {"policy_loss": policy_loss, "value_loss": value_loss, "entropy": entropy}
        assert found == pytest.approx({name: part.item() for name, part in expected.items()})
