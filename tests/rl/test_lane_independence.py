"""A lane's numbers are the same, to the bit, alone and among others; so are they across an interruption."""

from collections.abc import Sequence
from itertools import islice

import pytest
import torch
from probe_envs import ProbeEnv

from fxai.rl.pack import Pack
from fxai.rl.policy import Policy
from fxai.rl.training import Evaluation, Training
from fxai.spec.model_config import ModelConfig
from fxai.spec.ppo_config import PpoConfig
from fxai.spec.training_config import TrainingConfig

SEEDS = (3, 14, 159)
MODELS = {
    "mlp": ModelConfig(d_model=19, n_layers=2),
    "transformer": ModelConfig(type="transformer", d_model=20, n_layers=2, n_heads=2, d_ff=33),
}
# Odd sizes: whole vector registers would hide a result that depends on the position in a tensor.
ALGORITHM = PpoConfig(
    total_updates=4, eval_frequency=2, n_envs=5, rollout_steps=7, batch_size=11, n_epochs=3, value_clip_epsilon=0.1
)


def configs(model: str) -> tuple[TrainingConfig, ...]:
    """Three lanes that differ in all that a lane may choose, dropout, schedule and early stop among it."""
    algorithms = (
        ALGORITHM,
        ALGORITHM.model_copy(update={"learning_rate": 3e-3, "lr_schedule": "cosine", "gamma": 0.9, "target_kl": 1e-6}),
        ALGORITHM.model_copy(update={"clip_epsilon": 0.1, "entropy_coef": 0.0, "normalize_advantage": False}),
    )
    rates = (0.0, 0.1, 0.3)
    return tuple(
        TrainingConfig(model=MODELS[model].model_copy(update={"dropout": rate}), training=algorithm)
        for rate, algorithm in zip(rates, algorithms, strict=True)
    )


def training(configs: tuple[TrainingConfig, ...], seeds: tuple[int, ...]) -> Training:
    env = ProbeEnv(lambda sign, _time, action: sign * (action - 0.5), seeds, envs=5, length=3, truncates=True)
    return Training(Pack(configs, seeds), env, scored_by_preference, torch.device("cpu"))


def scored_by_preference(policy: Policy, weights: torch.Tensor, lanes: Sequence[int]) -> list[dict[str, float]]:
    seen = torch.tensor([[1.0, 0.0], [-1.0, 2.0]]).expand(len(lanes), 2, 2)
    return [{"preference": value} for value in policy.preferences(weights[lanes], seen)[:, 0].sum(1).tolist()]


def numbers(evaluation: Evaluation, lane: int) -> dict[str, float]:
    """All but the clock's."""
    return {name: value for name, value in evaluation.metrics[lane].items() if name != "steps_per_second"}


@pytest.mark.parametrize("model", MODELS)
def test_a_lane_is_the_same_alone_and_packed(model: str):
    packed = training(configs(model), SEEDS)
    reports = list(packed.evaluations())
    for lane, (config, seed) in enumerate(zip(configs(model), SEEDS, strict=True)):
        alone = training((config,), (seed,))
        assert [numbers(e, 0) for e in alone.evaluations()] == [numbers(e, lane) for e in reports]
        assert torch.equal(alone.weights[0], packed.weights[lane])


@pytest.mark.parametrize("model", MODELS)
def test_resumed_is_as_uninterrupted(model: str):
    whole = training(configs(model), SEEDS)
    reports = list(whole.evaluations())

    first = training(configs(model), SEEDS)
    (before,) = islice(first.evaluations(), 1)
    state = first.state()
    second = training(configs(model), SEEDS)
    second.restore(state)
    (after,) = second.evaluations()

    for resumed, uninterrupted in zip((before, after), reports, strict=True):
        assert resumed.step == uninterrupted.step
        for lane in range(len(SEEDS)):
            assert numbers(resumed, lane) == numbers(uninterrupted, lane)
    assert all(torch.equal(second.state()[name], tensor) for name, tensor in whole.state().items())


def test_early_stop_holds_only_the_lane_that_went_too_far():
    """With a limit that the second step must pass, one step is taken per update; the neighbours go on."""
    stopped, free = configs("mlp")[1], configs("mlp")[0]
    pack = training((stopped, free), SEEDS[:2])
    list(pack.evaluations())
    powers = pack.state()["adam.powers"][:, 0]
    steps = (powers.log() / torch.tensor(0.9).log()).round().tolist()
    per_update = ALGORITHM.n_epochs * 4  # 35 samples in portions of 11
    assert steps[1] == ALGORITHM.total_updates * per_update
    assert ALGORITHM.total_updates <= steps[0] < 0.7 * steps[1]


def test_a_state_is_a_copy():
    pack = training(configs("mlp"), SEEDS)
    evaluations = pack.evaluations()
    next(evaluations)
    state = pack.state()
    kept = {name: tensor.clone() for name, tensor in state.items()}
    next(evaluations)
    assert all(torch.equal(state[name], tensor) for name, tensor in kept.items())
