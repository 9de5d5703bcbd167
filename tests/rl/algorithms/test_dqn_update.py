"""One update of DQN in plain words, and the clocks of its lanes."""

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fxai.rl.algorithms.dqn import Dqn
from fxai.rl.algorithms.q_network import QNetwork
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.lanes import counter_rng
from fxai.rl.networks.dropout import Dropout
from fxai.rl.networks.mlp import Mlp
from fxai.spec.fields.dqn_config import DqnConfig
from probe_envs import ProbeEnv

ACTIONS, WIDTH, COUNT = 3, 7, 11
SMALL = DqnConfig(
    n_envs=5, rollout_steps=3, buffer_size=30, batch_size=COUNT, learning_starts=0, gradient_steps=1, max_grad_norm=0.5
)
RATE = torch.full((2,), 1e-2)


def learner(configs: Sequence[DqnConfig], dropout: float = 0.0, envs: int = 5) -> Dqn:
    """Two lanes, whose weights and targets are anything."""
    seeds = torch.tensor([3, 14])
    env = ProbeEnv(lambda sign, _time, action: sign * action, (3, 14), envs=envs, length=4, actions=ACTIONS)
    policy = QNetwork(
        Mlp((2,), (WIDTH,), ACTIONS + configs[0].dueling), dueling=configs[0].dueling, critics=1 + configs[0].twin
    )
    masks = Dropout.of(seeds, [dropout, dropout], policy.dropout_sites)
    made = Dqn(configs, policy, Collector(env, seeds), seeds, masks)
    generator = torch.Generator().manual_seed(0)
    anything = {name: torch.randn(2, policy.size, generator=generator) for name in ("weights", "target")}
    made.restore({**made.state(), **anything})
    return made


def cloned(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in state.items()}


def clock(updates: int) -> Tensor:
    return torch.full((2,), updates)


def plain_values(weights: Tensor, seen: Tensor, config: DqnConfig, keep: Tensor | None = None) -> list[Tensor]:
    """Of each critic, [sample, action], for one lane's weights [size] and observations [sample, 2]."""
    outputs = ACTIONS + config.dueling
    found = []
    for critic, own in enumerate(weights.chunk(1 + config.twin)):
        first, bias, head, head_bias = own.split([2 * WIDTH, WIDTH, outputs * WIDTH, outputs])
        hidden = torch.tanh(seen @ first.view(2, WIDTH) + bias)
        if keep is not None:
            hidden = hidden * keep[:, critic * WIDTH : (critic + 1) * WIDTH]
        out = hidden @ head.view(outputs, WIDTH).T + head_bias
        if config.dueling:
            out = out[:, :1] + out[:, 1:] - out[:, 1:].mean(1, keepdim=True)
        found.append(out)
    return found


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"double": True},
        {"dueling": True},
        {"twin": True},
        {"n_step": 2},
        {"double": True, "dueling": True, "twin": True, "n_step": 3},
    ],
    ids=lambda switches: "+".join(switches) or "plain",
)
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_gradient_step_in_plain_words(switches: dict[str, bool | int], dropout: float):
    """Adam's first moment after its first step is a tenth of the gradient."""
    config = SMALL.model_copy(update={**switches, "gamma": 0.8, "target_tau": 0.3})
    made = learner([config, config], dropout)
    before = cloned(made.state())
    made.update(clock(0), RATE)
    after = made.state()

    bits = counter_rng.bits(torch.tensor([3, 14]), counter_rng.Purpose.REPLAY, 0, (1, COUNT))
    replay = made._replay
    batch = replay.transitions(replay.draw(bits, clock(config.rollout_steps), torch.full((2,), 0.8)), 0, 2)
    keep = made._dropout.keep(torch.arange(COUNT).expand(2, -1))
    for lane in range(2):
        online, target = before["weights"][lane].requires_grad_(), before["target"][lane]
        with torch.no_grad():
            future = torch.stack(plain_values(target, batch.next_observation[lane], config)).min(0).values
            preferred = torch.stack(plain_values(online, batch.next_observation[lane], config)).mean(0)
            best = preferred.argmax(1) if config.double else future.argmax(1)
            wanted = batch.reward[lane] + batch.discount[lane] * future[torch.arange(COUNT), best]
        values = plain_values(online, batch.observation[lane], config, None if keep is None else keep[lane])
        taken = [value[torch.arange(COUNT), batch.action[lane]] for value in values]
        loss = torch.stack([functional.smooth_l1_loss(q, wanted) for q in taken]).sum()
        (gradient,) = torch.autograd.grad(loss, online)
        gradient = gradient * (config.max_grad_norm / gradient.norm()).clamp(max=1)
        torch.testing.assert_close(10 * after["adam.mean"][lane], gradient, rtol=1e-4, atol=1e-6)
    assert not torch.equal(after["weights"], before["weights"])
    moved = before["target"] + 0.3 * (after["weights"] - before["target"])
    torch.testing.assert_close(after["target"], moved.detach())


def test_nothing_is_learnt_before_a_lane_has_gathered_enough():
    configs = [SMALL.model_copy(update={"learning_starts": starts}) for starts in (16, 45)]  # 15 per update
    made = learner(configs)
    begun: list[int | None] = [None, None]
    for update in range(4):
        before = cloned(made.state())
        statistics = dict(zip(made.statistics, made.update(clock(update), RATE).T.tolist(), strict=True))
        for lane in range(2):
            learnt = [name for name in ("weights", "target") if not made.state()[name][lane].equal(before[name][lane])]
            assert len(learnt) in (0, 2)
            assert math.isnan(statistics["q_loss"][lane]) == (not learnt)
            assert math.isfinite(statistics["epsilon"][lane])
            assert made.state()["adam.powers"][lane, 0].item() < 1 or not learnt
            if learnt and begun[lane] is None:
                begun[lane] = update
    assert begun == [1, 2]


def test_each_lane_takes_its_own_number_of_gradient_steps():
    configs = [SMALL.model_copy(update={"gradient_steps": steps}) for steps in (2, 5)]
    made = learner(configs)
    for update in range(3):
        made.update(clock(update), RATE)
    taken = (made.state()["adam.powers"][:, 0].log() / math.log(0.9)).round().tolist()
    assert taken == [6, 15]


def test_the_target_follows_after_its_own_number_of_gradient_steps():
    """With a share of 1 it is a copy; the last steps of the updates are the lane's 2nd, 4th, 6th, ..."""
    configs = [
        SMALL.model_copy(update={"gradient_steps": 2, "target_tau": 1.0, "target_interval": interval})
        for interval in (1, 3)
    ]
    made = learner(configs)
    changed, copied = [], []
    for update in range(6):
        before = made.state()["target"].clone()
        made.update(clock(update), RATE)
        state = made.state()
        changed.append([not state["target"][lane].equal(before[lane]) for lane in range(2)])
        copied.append([state["target"][lane].equal(state["weights"][lane]) for lane in range(2)])
    assert [lane for lane, _ in changed] == [lane for lane, _ in copied] == [True] * 6
    assert [lane for _, lane in changed] == [False, True, True] * 2  # by steps 3, 6, 9 and 12
    assert [lane for _, lane in copied] == [False, False, True] * 2


def test_roll_outs_act_with_the_online_network():
    made = learner([SMALL.model_copy(update={"exploration_initial": 0.0, "exploration_final": 0.0})] * 2)
    weights, target = made.weights.clone(), made.state()["target"].clone()
    made.update(clock(0), RATE)
    seen = made.state()["replay.observation"][:, :3].flatten(1, 2)
    acted = made.state()["replay.action"][:, :3].flatten(1, 2)
    online, frozen = (made.policy.preferences(each, seen).argmax(1) for each in (weights, target))
    assert acted.equal(online)
    assert not online.equal(frozen)


def test_each_environment_tosses_its_own_coin():
    """In each step of a roll-out some environments explore and others do not, and not always the same ones."""
    shares = {"n_envs": 40, "buffer_size": 120, "exploration_initial": 0.9, "exploration_final": 0.9}
    configs = [DqnConfig.model_validate({**SMALL.model_dump(), **shares, "learning_starts": 120})] * 2
    made = learner(configs, envs=40)
    made.update(clock(0), RATE)
    seen, acted = made.state()["replay.observation"][:, :3], made.state()["replay.action"][:, :3]
    greedy = made.policy.preferences(made.weights, seen.flatten(1, 2)).argmax(1).view_as(acted)
    explored = acted != greedy
    share = explored.float().mean(2)
    assert ((share > 0.3) & (share < 0.9)).all()  # 0.9 toss for an action, a third of which is the greedy one
    assert not explored[0, 0].equal(explored[0, 1])
    assert not explored[0].equal(explored[1])


def test_random_actions_when_epsilon_is_one_greedy_when_it_is_zero():
    shares = [{"exploration_initial": share, "exploration_final": share} for share in (0.0, 1.0)]
    made = learner([SMALL.model_copy(update={**share, "learning_starts": 30}) for share in shares])
    made.update(clock(0), RATE)
    replay = made.state()
    seen = replay["replay.observation"][:, :3].flatten(1, 2)
    greedy = made.policy.preferences(made.weights, seen).argmax(1)
    acted = replay["replay.action"][:, :3].flatten(1, 2)
    assert acted[0].equal(greedy[0])
    assert not acted[1].equal(greedy[1])
    assert acted[1].unique().tolist() == [0, 1, 2]
