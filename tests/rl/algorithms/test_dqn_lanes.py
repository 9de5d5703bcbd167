"""A lane of DQN is the same, to the bit, alone and among others of other ages; so is one that was interrupted."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from fxai.market.rules.compiled import Array
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.lane_program import Arrays
from fxai.rl.training.training import Training
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, training_in

SEEDS = (3, 14, 159)
AGES = (0, 3, 8)  # updates of each lane when the pack is put together
# Odd sizes: whole vector registers would hide a result that depends on the position in a tensor.
ALGORITHM = DqnConfig(
    total_updates=40, n_envs=5, rollout_steps=3, buffer_size=57, batch_size=11, learning_starts=20, gradient_steps=3
)
FREE: tuple[Mapping[str, float | str], ...] = (
    {"gamma": 0.9, "target_tau": 0.7, "exploration_fraction": 0.5},
    {"learning_rate": 3e-3, "lr_schedule": "cosine", "target_interval": 4, "gradient_steps": 5, "max_grad_norm": 0.1},
    {"learning_starts": 0, "exploration_initial": 0.3, "exploration_final": 0.0, "total_updates": 20},
)
MODELS = {
    "mlp": ModelConfig(d_model=19, n_layers=2),
    "transformer": ModelConfig(type="transformer", d_model=20, n_layers=1, n_heads=2, d_ff=33),
}
RELATIVES: dict[str, dict[str, bool | int]] = {
    "plain": {},
    "D3QN": {"double": True, "dueling": True},
    "TwinD3QN": {"double": True, "dueling": True, "twin": True, "n_step": 3},
}
each_kind = pytest.mark.parametrize(
    ("model", "relative"), [("mlp", "plain"), ("mlp", "D3QN"), ("mlp", "TwinD3QN"), ("transformer", "TwinD3QN")]
)


def configs(model: str, relative: str) -> tuple[TrainingConfig, ...]:
    """Three lanes that differ in all that a lane may choose."""
    return tuple(
        TrainingConfig(
            model=MODELS[model].model_copy(update={"dropout": rate}),
            training=DqnConfig.model_validate({**ALGORITHM.model_dump(), **RELATIVES[relative], **free}),
        )
        for rate, free in zip((0.0, 0.1, 0.3), FREE, strict=True)
    )


def training(configs: Sequence[TrainingConfig], seeds: Sequence[int]) -> Training:
    env = ProbeEnv(
        lambda sign, _time, action: sign * (action - 1.0), tuple(seeds), envs=5, length=4, truncates=True, actions=5
    )
    return training_in(env, Pack(tuple(configs), tuple(seeds)))


def stepped(training: Training, updates: int) -> dict[str, Array]:
    for _ in range(updates):
        training.update()
    return {**training.state(), "statistics": training.program.last_statistics()}


def assert_same(one: Arrays, other: Arrays) -> None:
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], name, strict=True)


@each_kind
def test_a_lane_is_the_same_alone_and_among_others_of_other_ages(model: str, relative: str):
    alone = [training([config], [seed]) for config, seed in zip(configs(model, relative), SEEDS, strict=True)]
    for lane, age in zip(alone, AGES, strict=True):
        stepped(lane, age)
    states = [lane.state() for lane in alone]
    packed = training(configs(model, relative), SEEDS)
    stepped(packed, 2)  # what was in the lanes before must not matter
    packed.restore({name: np.concatenate([state[name] for state in states]) for name in states[0]})
    together = stepped(packed, 7)
    for place, single in enumerate(alone):
        assert_same({name: array[place : place + 1] for name, array in together.items()}, stepped(single, 7))
    assert packed.updates == [age + 7 for age in AGES]


def test_a_restarted_lane_keeps_nothing_of_the_previous_one():
    """Only the clock, the weights and the environment say that a lane is new; its ring may hold old steps."""
    config = configs("mlp", "TwinD3QN")[:1]
    fresh = training(config, SEEDS[:1])
    used = training(config, SEEDS[:1])
    begun = fresh.state()
    stepped(used, 9)
    used.restore({name: used.state()[name] if "replay" in name else begun[name] for name in begun})
    after, expected = stepped(used, 3), stepped(fresh, 3)
    assert_same(
        {name: array for name, array in after.items() if "replay" not in name},
        {name: array for name, array in expected.items() if "replay" not in name},
    )


def test_resumed_is_as_uninterrupted():
    kind = configs("mlp", "TwinD3QN")
    whole = stepped(training(kind, SEEDS), 9)
    first = training(kind, SEEDS)
    stepped(first, 4)
    state = first.state()
    stepped(first, 1)  # a state is a copy
    second = training(kind, SEEDS)
    second.restore(state)
    assert_same(stepped(second, 5), whole)


def test_every_number_of_a_state_has_a_lane_axis():
    state = training(configs("mlp", "D3QN"), SEEDS).state()
    assert {len(array) for array in state.values()} == {len(SEEDS)}
