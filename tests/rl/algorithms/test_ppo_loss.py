"""The loss's closed gradient against autograd on the loss as the paper writes it."""

import math

import pytest
import torch

from fxai.rl.algorithms.ppo_loss import STATISTICS, PpoLossWeights, ppo_loss_gradient
from fxai.rl.algorithms.samples import Samples
from fxai.spec.fields.ppo_config import PpoConfig
from ways import either_way  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_way")
LANES, COUNT, ACTIONS = 2, 40, 3


def samples() -> Samples:
    generator = torch.Generator().manual_seed(0)
    log_prob = torch.randn(LANES, COUNT, generator=generator, dtype=torch.float64).abs().neg()
    value, advantage, target = torch.randn(3, LANES, COUNT, generator=generator, dtype=torch.float64)
    return Samples(
        observation=torch.zeros(LANES, COUNT, 1),
        action=torch.randint(ACTIONS, (LANES, COUNT), generator=generator),
        log_prob=log_prob,
        value=value,
        advantage=advantage,
        target=target,
        number=torch.arange(COUNT).expand(LANES, -1),
    )


def outputs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(LANES, ACTIONS, COUNT, generator=generator, dtype=torch.float64)
    value = torch.randn(LANES, COUNT, generator=generator, dtype=torch.float64)
    return logits.requires_grad_(), value.requires_grad_()


def plain_loss(logits: torch.Tensor, value: torch.Tensor, batch: Samples, config: PpoConfig, lane: int) -> torch.Tensor:
    """One lane's loss, in torch's own words."""
    policy = torch.distributions.Categorical(logits=logits[lane].T)
    ratio: torch.Tensor = (policy.log_prob(batch.action[lane]) - batch.log_prob[lane]).exp()
    clipped = ratio.clamp(1 - config.clip_epsilon, 1 + config.clip_epsilon)
    gain = torch.minimum(ratio * batch.advantage[lane], clipped * batch.advantage[lane]).mean()
    limit = config.value_clip_epsilon or math.inf
    held = batch.value[lane] + (value[lane] - batch.value[lane]).clamp(-limit, limit)
    errors = [(v - batch.target[lane]).square() for v in (value[lane], held)]
    entropy: torch.Tensor = policy.entropy()
    return -gain + config.value_coef * torch.maximum(*errors).mean() - config.entropy_coef * entropy.mean()


CONFIGS = (
    PpoConfig(clip_epsilon=0.2, value_coef=0.5, entropy_coef=0.03),
    PpoConfig(clip_epsilon=0.1, value_coef=0.9, entropy_coef=0.0, value_clip_epsilon=0.3),
)


WEIGHTS = PpoLossWeights.of(
    clip_epsilon=torch.tensor([config.clip_epsilon for config in CONFIGS]),
    value_clip_epsilon=torch.tensor([config.value_clip_epsilon or math.inf for config in CONFIGS]),
    entropy_coef=torch.tensor([config.entropy_coef for config in CONFIGS]),
    value_coef=torch.tensor([config.value_coef for config in CONFIGS]),
)


def test_gradient_is_autograds():
    logits, value = outputs()
    batch = samples()
    with torch.no_grad():
        closed = ppo_loss_gradient(logits, value, batch, WEIGHTS, with_statistics=True)
    losses = [plain_loss(logits, value, batch, config, lane) for lane, config in enumerate(CONFIGS)]
    d_logits, d_value = torch.autograd.grad(torch.stack(losses).sum(), (logits, value))
    torch.testing.assert_close(closed.logits, d_logits, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(closed.value, d_value, rtol=1e-6, atol=1e-8)


def test_statistics_add_up_to_the_loss():
    logits, value = outputs()
    batch = samples()
    closed = ppo_loss_gradient(logits, value, batch, WEIGHTS, with_statistics=True)
    assert closed.statistics is not None
    for lane, config in enumerate(CONFIGS):
        found = dict(zip(STATISTICS, closed.statistics[lane].tolist(), strict=True))
        loss = found["policy_loss"] + config.value_coef * found["value_loss"] - config.entropy_coef * found["entropy"]
        assert loss == pytest.approx(plain_loss(logits, value, batch, config, lane).item(), rel=1e-6)


def test_an_unchanged_policy_has_no_kl_and_nothing_clipped():
    logits, value = (tensor.detach() for tensor in outputs())
    batch = samples()
    chosen = logits.log_softmax(1).gather(1, batch.action.unsqueeze(1)).squeeze(1)
    same = Samples(batch.observation, batch.action, chosen, batch.value, batch.advantage, batch.target, batch.number)
    closed = ppo_loss_gradient(logits, value, same, WEIGHTS, with_statistics=True)
    assert closed.statistics is not None
    for lane in range(LANES):
        found = dict(zip(STATISTICS, closed.statistics[lane].tolist(), strict=True))
        assert found["kl"] == pytest.approx(0)
        assert found["clip_fraction"] == 0
