"""PPO and A2C beside Stable-Baselines3's own `train`, with the same weights and the same samples.

Two things are done in another way here and therefore left out: advantages are normalised over the roll-out, not
over each minibatch, and a clipped value loss is the larger of both errors, not the clipped one alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import gymnasium
import pytest
import torch
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.logger import configure
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from fxai.rl.algorithms import a2c_loss, categorical, ppo_loss
from fxai.rl.algorithms.a2c import A2c
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.build import build_learner
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.algorithms.samples import Samples
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv

COUNT, ACTIONS = 45, 3
MODEL = ModelConfig(d_model=7, n_layers=2)
RATES = torch.tensor([1e-2, 3e-3])

A2CS = (
    A2cConfig(n_envs=5, rollout_steps=9, entropy_coef=0.03, value_coef=0.5, max_grad_norm=100.0),
    A2cConfig(n_envs=5, rollout_steps=9, entropy_coef=0.0, value_coef=0.9, max_grad_norm=0.2),
)
PPOS = tuple(
    PpoConfig(n_envs=5, rollout_steps=9, batch_size=COUNT, normalize_advantage=False, **numbers)
    for numbers in (
        {"n_epochs": 6, "clip_epsilon": 0.1, "entropy_coef": 0.03, "value_coef": 0.5, "max_grad_norm": 100.0},
        {"n_epochs": 4, "clip_epsilon": 0.2, "entropy_coef": 0.0, "value_coef": 0.9, "max_grad_norm": 0.2},
    )
)


class Spaces(gymnasium.Env):
    """What the peers ask of an environment that is never stepped."""

    observation_space = gymnasium.spaces.Box(-10, 10, (2,))
    action_space = gymnasium.spaces.Discrete(ACTIONS)


def learner(configs: Sequence[PpoConfig | A2cConfig]) -> Ppo | A2c:
    pack = Pack(tuple(TrainingConfig(model=MODEL, training=config) for config in configs), (3, 14))
    env = ProbeEnv(lambda sign, *_: sign, pack.seeds, envs=5, actions=ACTIONS)
    built = build_learner(pack, env, torch.device("cpu"))
    assert isinstance(built, Ppo | A2c)
    generator = torch.Generator().manual_seed(0)
    built.weights += 0.3 * torch.randn(built.weights.shape, generator=generator)  # no longer nearly uniform
    return built


def samples(policy: ActorCritic, weights: torch.Tensor) -> Samples:
    """Of a policy that has changed a little since the roll-out, so that some of the ratios are clipped."""
    generator = torch.Generator().manual_seed(1)
    observation = torch.randn(2, COUNT, 2, generator=generator)
    action = torch.randint(ACTIONS, (2, COUNT), generator=generator)
    value, advantage, target, change = torch.randn(4, 2, COUNT, generator=generator)
    log_prob = categorical.log_prob(policy.preferences(weights, observation), action) + 0.1 * change
    return Samples(observation, action, log_prob, value, advantage, target, torch.arange(COUNT).expand(2, -1))


def peer_model(config: PpoConfig | A2cConfig, learning_rate: float) -> OnPolicyAlgorithm:
    """Stable-Baselines3's algorithm of this configuration, on one batch of COUNT samples."""
    layers = [MODEL.d_model] * MODEL.n_layers
    if isinstance(config, PpoConfig):
        return PPO(
            "MlpPolicy",
            Spaces(),
            learning_rate=learning_rate,
            n_steps=COUNT,
            batch_size=COUNT,
            n_epochs=config.n_epochs,
            clip_range=config.clip_epsilon,
            target_kl=config.target_kl,
            ent_coef=config.entropy_coef,
            vf_coef=config.value_coef,
            max_grad_norm=config.max_grad_norm,
            normalize_advantage=False,
            policy_kwargs={"net_arch": layers},
            device="cpu",
        )
    return A2C(
        "MlpPolicy",
        Spaces(),
        learning_rate=learning_rate,
        n_steps=COUNT,
        ent_coef=config.entropy_coef,
        vf_coef=config.value_coef,
        max_grad_norm=config.max_grad_norm,
        normalize_advantage=False,
        policy_kwargs={"net_arch": layers, "optimizer_class": torch.optim.Adam, "optimizer_kwargs": {"eps": 1e-5}},
        device="cpu",
    )


@dataclass
class Peer:
    """Stable-Baselines3's algorithm with the configuration, weights and samples of one lane."""

    model: OnPolicyAlgorithm

    @classmethod
    def of(cls, config: PpoConfig | A2cConfig, weights: dict[str, torch.Tensor], batch: Samples, lane: int) -> "Peer":
        model = peer_model(config, RATES[lane].item())
        model.set_logger(configure(None, []))
        peer = cls(model)
        for name, parameter in peer.parameters().items():
            parameter.data.copy_(weights[name])
        buffer = model.rollout_buffer
        buffer.observations[:, 0] = batch.observation[lane]
        buffer.actions[:, 0, 0] = batch.action[lane]
        for theirs, ours in {"log_probs": "log_prob", "values": "value", "advantages": "advantage"}.items():
            getattr(buffer, theirs)[:, 0] = getattr(batch, ours)[lane]
        buffer.returns[:, 0] = batch.target[lane]
        buffer.full = True
        return peer

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """By our names, after `actor.` and `critic.`."""
        policy = self.model.policy
        nets = {
            "actor": (policy.mlp_extractor.policy_net[0], policy.mlp_extractor.policy_net[2], policy.action_net),
            "critic": (policy.mlp_extractor.value_net[0], policy.mlp_extractor.value_net[2], policy.value_net),
        }
        linears = {f"{net}.{i}": linear for net, layers in nets.items() for i, linear in enumerate(layers)}
        return {
            f"{name}.{kind}": getattr(linear, kind) for name, linear in linears.items() for kind in ("weight", "bias")
        }

    def gradients(self) -> dict[str, torch.Tensor]:
        """By our names, of the parameters that have one."""
        return {name: part.grad for name, part in self.parameters().items() if part.grad is not None}

    def found(self) -> dict[str, float]:
        """The logged means, by our names."""
        names = {"policy_loss": "policy_loss", "policy_gradient_loss": "policy_loss", "value_loss": "value_loss"}
        names |= {"approx_kl": "kl", "clip_fraction": "clip_fraction"}
        logged = {name.removeprefix("train/"): value for name, value in self.model.logger.name_to_value.items()}
        return {names[name]: float(logged[name]) for name in names if name in logged} | {
            "entropy": -float(logged["entropy_loss"])
        }


def as_theirs(policy: ActorCritic, row: torch.Tensor) -> dict[str, torch.Tensor]:
    """A lane's weights [2 * size], or their derivative, named and shaped as the peer's."""
    parts = {}
    for net, flat in zip(("actor", "critic"), row.view(2, 1, -1), strict=True):
        for name, part in policy.network.layout.views(flat).items():
            layer, _, kind = name.partition(".")
            if int(layer) < MODEL.n_layers:
                theirs = part[0].mT if kind == "weight" else part[0, 0]
            else:
                head = part[0] if net == "actor" else part[0, :1]  # of the critic's the value alone
                theirs = head if kind == "weight" else head[:, 0]
            parts[f"{net}.{name}"] = theirs.clone()
    return parts


def close(ours: Mapping[str, torch.Tensor], theirs: Mapping[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, part in ours.items():
        message = partial("{}: {}".format, name)
        torch.testing.assert_close(part, theirs[name].detach(), rtol=1e-4, atol=2e-6, msg=message)


@torch.no_grad()
def test_ppos_loss_and_gradient_are_stable_baselines3s():
    ours = learner(PPOS)
    batch = samples(ours.policy, ours.weights)
    logits, value, vjp = ours.policy.vjp(ours.weights, batch.observation)
    weighed = ppo_loss.PpoLossWeights.of(
        clip_epsilon=torch.tensor([config.clip_epsilon for config in PPOS]),
        value_clip_epsilon=torch.full((2,), torch.inf),
        entropy_coef=torch.tensor([config.entropy_coef for config in PPOS]),
        value_coef=torch.tensor([config.value_coef for config in PPOS]),
    )
    loss = ppo_loss.ppo_loss_gradient(logits, value, batch, weighed, with_statistics=True)
    assert loss.statistics is not None
    for lane, (config, row) in enumerate(zip(PPOS, vjp(loss.logits, loss.value), strict=True)):
        once = config.model_copy(update={"n_epochs": 1, "max_grad_norm": 1e9})
        peer = Peer.of(once, as_theirs(ours.policy, ours.weights[lane]), batch, lane)
        with torch.enable_grad():
            peer.model.train()
        found = dict(zip(ppo_loss.STATISTICS, loss.statistics[lane].tolist(), strict=True))
        assert found == pytest.approx(peer.found(), rel=1e-4, abs=1e-6)
        assert found["clip_fraction"] > 0
        close(as_theirs(ours.policy, row), peer.gradients())


@torch.no_grad()
def test_a2cs_loss_and_gradient_are_stable_baselines3s():
    ours = learner(A2CS)
    batch = samples(ours.policy, ours.weights)
    logits, value, vjp = ours.policy.vjp(ours.weights, batch.observation)
    weighed = a2c_loss.A2cLossWeights(
        entropy_coef=torch.tensor([config.entropy_coef for config in A2CS]),
        value_coef=torch.tensor([config.value_coef for config in A2CS]),
    )
    loss = a2c_loss.a2c_loss_gradient(logits, value, batch, weighed)
    for lane, (config, row) in enumerate(zip(A2CS, vjp(loss.logits, loss.value), strict=True)):
        once = config.model_copy(update={"max_grad_norm": 1e9})
        peer = Peer.of(once, as_theirs(ours.policy, ours.weights[lane]), batch, lane)
        with torch.enable_grad():
            peer.model.train()
        found = dict(zip(a2c_loss.STATISTICS, loss.statistics[lane].tolist(), strict=True))
        assert found == pytest.approx(peer.found(), rel=1e-4, abs=1e-6)
        close(as_theirs(ours.policy, row), peer.gradients())


STOPPED = tuple(config.model_copy(update={"target_kl": 0.004}) for config in PPOS)


@pytest.mark.parametrize(
    ("configs", "steps"),
    [(PPOS, [6, 4]), (STOPPED, [2, 1]), (A2CS, [1, 1])],
    ids=["ppo", "ppo with early stop", "a2c"],
)
def test_an_update_is_stable_baselines3s(configs: Sequence[PpoConfig | A2cConfig], steps: list[int]):
    """Clipped gradient, Adam's steps, epochs and their early end, each lane with numbers of its own."""
    ours = learner(configs)
    batch = samples(ours.policy, ours.weights)
    before = [as_theirs(ours.policy, row) for row in ours.weights]
    ours.improve(batch, torch.zeros(2, dtype=torch.int64), RATES)
    taken = ours.state()["adam.powers"][:, 0].log() / torch.tensor(0.9).log()
    assert taken.round().tolist() == steps
    for lane, config in enumerate(configs):
        peer = Peer.of(config, before[lane], batch, lane)
        peer.model.train()
        close(as_theirs(ours.policy, ours.weights[lane]), peer.parameters())
