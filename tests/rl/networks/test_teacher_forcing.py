"""Packs of any width learn the same from the same samples: within 1e-10 in float64, on whatever device there is.

On a CPU the weights are equal to the bit, but for the transformer's: torch's gelu rounds float64, other than the
float32 of a training, by its place in the tensor. On a GPU the kernels that torch chooses depend on the width, so
results differ by rounding; the samples are given (teacher forcing), for in a roll-out one flipped action would fork
a lane.
"""

import pytest
import torch

from fxai.rl.algorithms import categorical
from fxai.rl.algorithms.a2c import A2c
from fxai.rl.algorithms.adam import LaneAdam
from fxai.rl.algorithms.build import build_learner
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.algorithms.samples import Samples
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv
from rl.gpu_mark import needs_gpu

WIDTHS = (1, 3, 7, 16)
LANES, UPDATES, ENVS, STEPS, ROWS = max(WIDTHS), 20, 5, 7, 3
MODELS = {
    "mlp": ModelConfig(d_model=19, n_layers=2),
    "gru": ModelConfig(type="gru", d_model=9, n_layers=2),
    "transformer": ModelConfig(type="transformer", d_model=10, n_layers=1, n_heads=2, d_ff=13),
}
EQUAL = {"mlp", "gru"}
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=needs_gpu),
]


def algorithm(name: str, lane: int) -> PpoConfig | A2cConfig:
    """Each lane has numbers of its own."""
    entropy_coef = 0.002 * lane
    if name == "a2c":
        return A2cConfig(n_envs=ENVS, rollout_steps=STEPS, entropy_coef=entropy_coef)
    return PpoConfig(
        n_envs=ENVS,
        rollout_steps=STEPS,
        batch_size=11,
        n_epochs=1 + lane % 3,
        clip_epsilon=0.1 + 0.01 * lane,
        value_clip_epsilon=0.2 if lane % 2 else None,
        target_kl=0.02 if lane % 5 == 1 else None,
        entropy_coef=entropy_coef,
    )


def learner(name: str, model: str, lanes: range, device: torch.device) -> Ppo | A2c:
    """In float64 from its first weights on, which are the CPU's: their rounding is not what is tried here."""
    configs = tuple(
        TrainingConfig(
            model=MODELS[model].model_copy(update={"dropout": 0.1 * (lane % 3)}), training=algorithm(name, lane)
        )
        for lane in lanes
    )
    env = ProbeEnv(lambda sign, *_: sign, tuple(lanes), envs=ENVS, rows=ROWS)
    built = build_learner(Pack(configs, tuple(lanes)), env, device)
    assert isinstance(built, Ppo | A2c)
    built.weights = built.policy.initial(torch.tensor(lanes)).double().to(device)
    built._adam = LaneAdam.of(built.weights)
    return built


def samples(update: int, lanes: range, device: torch.device) -> Samples:
    """What a roll-out might have given to these lanes, cut from what it gave to all."""
    generator = torch.Generator().manual_seed(update)
    count = ENVS * STEPS

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(LANES, *shape, generator=generator, dtype=torch.float64)

    action = torch.randint(2, (LANES, count), generator=generator)
    columns = (
        normal(count, ROWS, 2),
        action,
        categorical.log_prob(0.1 * normal(2, count), action),
        normal(count),
        normal(count),
        normal(count),
        torch.arange(update * count, (update + 1) * count).expand(LANES, -1),
    )
    return Samples(*(column[lanes.start : lanes.stop].to(device) for column in columns))


def taught(name: str, model: str, lanes: range, device: torch.device) -> torch.Tensor:
    """Weights after all updates."""
    pupil = learner(name, model, lanes, device)
    rate = torch.tensor([1e-4 * (1 + lane) for lane in lanes], device=device)
    for update in range(UPDATES):
        pupil.improve(samples(update, lanes, device), torch.full((len(lanes),), update, device=device), rate)
    return pupil.weights


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["ppo", "a2c"])
def test_width_does_not_matter(name: str, model: str, device: str):
    where = torch.device(device)
    widest = taught(name, model, range(LANES), where)
    assert widest.isfinite().all()
    assert widest.dtype == torch.float64
    for width in WIDTHS[:-1]:
        lanes = range(2, 2 + width)
        narrow = taught(name, model, lanes, where)
        torch.testing.assert_close(narrow, widest[2 : 2 + width], rtol=0, atol=1e-10)
        if device == "cpu" and model in EQUAL:
            assert torch.equal(narrow, widest[2 : 2 + width])
