"""A lane's numbers are the same, to the bit, alone and among others; so are they across an interruption."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
import torch

from fxai.market.rules.compiled import Array
from fxai.market.scores.scored_steps import SpanScore
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.policy import Policy
from fxai.rl.training.lane_program import Arrays
from fxai.rl.training.training import Evaluation, Training
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, observed, training_in

SEEDS = (3, 14, 159)
ROWS = 3
MODELS = {
    "mlp": ModelConfig(d_model=19, n_layers=2),
    "mlp of whole vectors": ModelConfig(d_model=64, n_layers=1),  # which has a path of its own, see `mlp.py`
    "gru": ModelConfig(type="gru", d_model=19, n_layers=2),
    "transformer": ModelConfig(type="transformer", d_model=20, n_layers=2, n_heads=2, d_ff=33),
}
# Odd sizes: whole vector registers would hide a result that depends on the position in a tensor.
PPO = PpoConfig(
    total_updates=4, eval_frequency=2, n_envs=5, rollout_steps=7, batch_size=11, n_epochs=3, value_clip_epsilon=0.1
)
DQN = DqnConfig(
    total_updates=4,
    eval_frequency=2,
    n_envs=5,
    rollout_steps=7,
    batch_size=11,
    buffer_size=60,
    learning_starts=40,
    gradient_steps=3,
    double=True,
    n_step=2,
)
A2C = A2cConfig(total_updates=4, eval_frequency=2, n_envs=5, rollout_steps=7)


ALGORITHMS: dict[str, tuple[AlgorithmConfig, ...]] = {
    "ppo": (
        PPO,
        PPO.model_copy(update={"learning_rate": 3e-3, "lr_schedule": "cosine", "gamma": 0.9, "target_kl": 1e-6}),
        PPO.model_copy(update={"clip_epsilon": 0.1, "entropy_coef": 0.0, "normalize_advantage": False, "n_epochs": 2}),
    ),
    "dqn": (
        DQN,
        DQN.model_copy(update={"learning_rate": 3e-3, "gamma": 0.9, "gradient_steps": 5, "target_interval": 2}),
        DQN.model_copy(update={"target_tau": 0.5, "exploration_final": 0.3, "learning_starts": 55}),
    ),
    "a2c": (
        A2C,
        A2C.model_copy(update={"learning_rate": 3e-3, "lr_schedule": "cosine", "gamma": 0.9, "max_grad_norm": 0.1}),
        A2C.model_copy(update={"gae_lambda": 0.9, "entropy_coef": 0.0, "normalize_advantage": True}),
    ),
}
every_algorithm_and_model = pytest.mark.parametrize(
    ("algorithm", "model"), [(algorithm, model) for algorithm in ALGORITHMS for model in MODELS]
)


def configs(algorithm: str, model: str) -> tuple[TrainingConfig, ...]:
    """Three lanes that differ in all that a lane may choose, dropout, schedule and early stop among it."""
    rates = (0.0, 0.1, 0.3)
    return tuple(
        TrainingConfig(model=MODELS[model].model_copy(update={"dropout": rate}), training=training)
        for rate, training in zip(rates, ALGORITHMS[algorithm], strict=True)
    )


def training(configs: tuple[TrainingConfig, ...], seeds: tuple[int, ...]) -> Training:
    envs = configs[0].training.n_envs
    env = ProbeEnv(lambda sign, _t, action: sign * (action - 0.5), seeds, envs, length=3, truncates=True, rows=ROWS)
    return training_in(env, Pack(configs, seeds), scored_by_preference)


def scored_by_preference(policy: Policy, weights: torch.Tensor, lanes: Sequence[int]) -> list[SpanScore]:
    seen = observed(torch.tensor([1.0, -1.0]), torch.tensor([0.0, 2.0]), ROWS).expand(len(lanes), 2, ROWS, 2)
    preferences = policy.preferences(weights[lanes], seen)[:, 0].sum(1).tolist()
    return [SpanScore({"preference": value}, parts=(), bars_per_year=1.0) for value in preferences]


def numbers(evaluation: Evaluation, lane: int) -> dict[str, float]:
    """All but the clock's."""
    return {name: value for name, value in evaluation.metrics[lane].items() if name != "steps_per_second"}


@every_algorithm_and_model
def test_a_lane_is_the_same_alone_and_packed(algorithm: str, model: str):
    packed = training(configs(algorithm, model), SEEDS)
    reports = list(packed.evaluations())
    for lane, (config, seed) in enumerate(zip(configs(algorithm, model), SEEDS, strict=True)):
        alone = training((config,), (seed,))
        assert [numbers(e, 0) for e in alone.evaluations()] == [numbers(e, lane) for e in reports]
        assert np.array_equal(alone.weights[0], packed.weights[lane])


@every_algorithm_and_model
def test_resumed_is_as_uninterrupted(algorithm: str, model: str):
    whole = training(configs(algorithm, model), SEEDS)
    reports = list(whole.evaluations())

    first = training(configs(algorithm, model), SEEDS)
    (before,) = islice(first.evaluations(), 1)
    state = first.state()
    second = training(configs(algorithm, model), SEEDS)
    second.restore(state)
    (after,) = second.evaluations()

    for resumed, uninterrupted in zip((before, after), reports, strict=True):
        assert resumed.step == uninterrupted.step
        for lane in range(len(SEEDS)):
            assert numbers(resumed, lane) == numbers(uninterrupted, lane)
    assert all(np.array_equal(second.state()[name], array) for name, array in whole.state().items())


def test_early_stop_holds_only_the_lane_that_went_too_far():
    """With a limit that the second step must pass, one step is taken per update; the other lanes continue."""
    stopped, free = configs("ppo", "mlp")[1], configs("ppo", "mlp")[0]
    pack = training((stopped, free), SEEDS[:2])
    list(pack.evaluations())
    powers = pack.state()["adam.powers"][:, 0]
    steps = (np.log(powers) / np.log(np.float32(0.9))).round().tolist()
    per_update = PPO.n_epochs * 4  # 35 samples in portions of 11
    assert steps[1] == PPO.total_updates * per_update
    assert PPO.total_updates <= steps[0] < 0.7 * steps[1]


def test_a_state_is_a_copy():
    pack = training(configs("ppo", "mlp"), SEEDS)
    evaluations = pack.evaluations()
    next(evaluations)
    state = pack.state()
    kept = {name: array.copy() for name, array in state.items()}
    next(evaluations)
    assert all(np.array_equal(state[name], array) for name, array in kept.items())


LONG = 300
LONGEST = {("ppo", "mlp"), ("ppo", "transformer"), ("dqn", "mlp"), ("a2c", "gru")}  # the others have a fifth of it


def long(algorithm: str, model: str, updates: int) -> tuple[TrainingConfig, ...]:
    """The same lanes, with updates so small that hundreds of them take a second or two."""
    small = {"total_updates": updates, "eval_frequency": updates, "n_envs": 3, "rollout_steps": 3}
    if algorithm == "ppo":
        small["batch_size"] = 9
    smaller = {"d_model": 6, "n_layers": 1, "d_ff": 7}
    return tuple(
        TrainingConfig(model=config.model.model_copy(update=smaller), training=config.training.model_copy(update=small))
        for config in configs(algorithm, model)
    )


def advance(pack: Training, updates: int) -> None:
    for _ in range(updates):
        pack.update()


def lane_of(pack: Training, lane: int) -> dict[str, Array]:
    return {name: array[lane, ...] for name, array in pack.state().items()}


@every_algorithm_and_model
def test_other_lanes_may_start_and_end_for_hundreds_of_updates(algorithm: str, model: str):
    """A lane alone and in a pack, in which one other lane ends early and one begins late."""
    updates = LONG if (algorithm, model) in LONGEST else LONG // 5
    first, second, third = long(algorithm, model, updates)
    half = updates // 2
    packed = training((first, second, third), SEEDS)
    advance(packed, half)
    then = packed.state()
    advance(packed, half)

    regrouped = training((third, first, second), (SEEDS[2], SEEDS[0], SEEDS[1]))
    begun = regrouped.state()
    for name, array in begun.items():
        array[0], array[2] = then[name][2], then[name][1]
    regrouped.restore(begun)
    advance(regrouped, half)
    assert regrouped.updates == [updates, half, updates]

    alone = training((first,), SEEDS[:1])
    advance(alone, half)
    same(lane_of(regrouped, 1), lane_of(alone, 0))
    advance(alone, half)
    same(lane_of(packed, 0), lane_of(alone, 0))
    same(lane_of(regrouped, 0), lane_of(packed, 2))
    same(lane_of(regrouped, 2), lane_of(packed, 1))


def same(one: Arrays, other: Arrays) -> None:
    assert one.keys() == other.keys()
    assert all(np.array_equal(array, other[name]) for name, array in one.items())
    assert np.isfinite(one["weights"]).all()
