"""The compiled gradient step of DQN against Stable-Baselines3's, and against the papers' formulas in numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fxai.rl.kernels import AdamArrays, DqnNumbers, TransitionArrays, dqn_steps
from sb3_dqn import ACTIONS, GAMMA, INPUTS, drawn_by, flat, peer

Numbers = NDArray[Any]
HIDDEN, COUNT = (7, 5), 12
BETA_1 = 0.9  # Adam's first moment after one step is a tenth of the gradient


@dataclass(frozen=True)
class Batch:
    observation: Numbers  # [sample, inputs]
    next_observation: Numbers
    action: NDArray[np.int64]
    reward: Numbers
    discount: Numbers


def random_batch(seed: int) -> Batch:
    random = np.random.default_rng(seed)
    before, after = random.normal(size=(2, COUNT, INPUTS))
    terminated = random.random(COUNT) < 0.3
    return Batch(
        before, after, random.integers(ACTIONS, size=COUNT), 2 * random.normal(size=COUNT), GAMMA * ~terminated
    )


def compiled_gradient(
    online: Numbers, target: Numbers, batch: Batch, *, critics: int, dueling: bool, double: bool, limit: float = np.inf
) -> tuple[Numbers, float]:
    """The gradient by the weights of one lane, and the loss."""
    mean, statistics = np.zeros((1, len(online))), np.empty((1, 4))
    rows = np.arange(COUNT)[None, None]
    one, changed = np.ones(1, np.int64), (online[None].copy(), target[None].copy())
    numbers = DqnNumbers(
        steps=one,
        done=0 * one,
        target_interval=one,
        rate=np.array([1e-3]),
        max_grad_norm=np.array([limit]),
        target_tau=np.array([0.1]),
        dropout=np.array([0.0]),
        mask_stream=one,
    )
    widths = np.array([INPUTS, *HIDDEN, ACTIONS + dueling])
    adam = AdamArrays(mean, np.zeros_like(mean), np.ones((1, 2)), np.array([BETA_1, 0.999, 1e-5]))
    buffer = batch.observation, batch.next_observation, batch.action
    drawn = TransitionArrays(*buffer, rows, rows, batch.reward[None, None], batch.discount[None, None])
    dqn_steps(*changed, adam, drawn, numbers, widths, critics, dueling, double, statistics)
    return mean[0] / (1 - BETA_1), float(statistics[0, 0])


def values(weights: Numbers, seen: Numbers, *, dueling: bool) -> Numbers:
    """Action values [sample, action] of one critic; Wang et al. 2015, equation 9, if dueling."""
    layer = seen
    for width in HIDDEN:
        matrix, bias, weights = np.split(weights, [layer.shape[1] * width, (layer.shape[1] + 1) * width])
        layer = np.tanh(layer @ matrix.reshape(-1, width) + bias)
    outputs = ACTIONS + dueling
    matrix, bias = np.split(weights, [outputs * HIDDEN[-1]])
    found = layer @ matrix.reshape(outputs, -1).T + bias
    if not dueling:
        return np.asarray(found)
    state, advantage = found[:, :1], found[:, 1:]
    return np.asarray(state + advantage - advantage.mean(axis=1, keepdims=True))


def wanted(online: Numbers, target: Numbers, batch: Batch, *, critics: int, dueling: bool, double: bool) -> Numbers:
    """Targets [sample]: Mnih et al. 2015; van Hasselt et al. 2015, equation 4; Fujimoto et al. 2018, equation 10."""
    theirs = [values(part, batch.next_observation, dueling=dueling) for part in np.split(target, critics)]
    own = [values(part, batch.next_observation, dueling=dueling) for part in np.split(online, critics)]
    least = np.minimum.reduce(theirs)
    chosen = np.mean(own, axis=0).argmax(axis=1) if double else least.argmax(axis=1)
    return np.asarray(batch.reward + batch.discount * least[np.arange(COUNT), chosen])


def loss(online: Numbers, targets: Numbers, batch: Batch, *, critics: int, dueling: bool) -> float:
    """The sum over critics of the mean Huber losses."""
    total = 0.0
    for part in np.split(online, critics):
        taken = values(part, batch.observation, dueling=dueling)[np.arange(COUNT), batch.action]
        size = np.abs(taken - targets)
        total += float(np.where(size < 1, size**2 / 2, size - 0.5).mean())
    return total


@pytest.mark.parametrize(
    ("critics", "dueling", "double"),
    [(1, False, False), (1, False, True), (1, True, False), (1, True, True), (2, True, True), (2, False, False)],
    ids=["DQN", "DoubleDQN", "DuelingDQN", "D3QN", "TwinD3QN", "twin"],
)
def test_the_gradient_is_that_of_the_papers_loss(critics: int, *, dueling: bool, double: bool):
    batch, random = random_batch(1), np.random.default_rng(0)
    widths = [INPUTS, *HIDDEN]
    size = sum((before + 1) * after for before, after in zip(widths, [*HIDDEN, ACTIONS + dueling], strict=True))
    online, target = random.normal(size=(2, critics * size)) / 2
    gradient, mean_loss = compiled_gradient(online, target, batch, critics=critics, dueling=dueling, double=double)
    targets = wanted(online, target, batch, critics=critics, dueling=dueling, double=double)
    assert mean_loss * critics == pytest.approx(loss(online, targets, batch, critics=critics, dueling=dueling))
    for way in 1e-6 * random.normal(size=(20, critics * size)):
        ahead, behind = (
            loss(at, targets, batch, critics=critics, dueling=dueling) for at in (online + way, online - way)
        )
        assert gradient @ way == pytest.approx((ahead - behind) / 2, rel=1e-4, abs=1e-12)


@pytest.mark.parametrize("max_grad_norm", [100.0, 0.05])
def test_a_step_is_that_of_stable_baselines3(max_grad_norm: float, monkeypatch: pytest.MonkeyPatch):
    model = peer(HIDDEN, COUNT, max_grad_norm)
    online, target = (flat(each)[0].double().numpy() for each in (model.q_net, model.q_net_target))
    drawn = drawn_by(model, monkeypatch)
    model.train(gradient_steps=1, batch_size=COUNT)
    (theirs,) = drawn
    numbers = [each.double().numpy() for each in (theirs.observations, theirs.next_observations)]
    discount = GAMMA * (1 - theirs.dones.double().numpy().ravel())
    action, reward = theirs.actions.numpy().ravel(), theirs.rewards.double().numpy().ravel()
    batch = Batch(numbers[0], numbers[1], action, reward, discount)
    gradient, mean_loss = compiled_gradient(
        online, target, batch, critics=1, dueling=False, double=False, limit=max_grad_norm
    )
    np.testing.assert_allclose(-gradient, flat(model.q_net)[0].double().numpy() - online, rtol=1e-4, atol=1e-6)
    assert mean_loss == pytest.approx(model.logger.name_to_value["train/loss"], rel=1e-5)
