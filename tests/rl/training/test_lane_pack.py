"""Packs of a fixed width: lanes that are made up, for devices on which numbers depend on the width, change nothing."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
import torch

from fxai.errors import FxaiError
from fxai.market.scores.scored_steps import SpanScore
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.policy import Policy
from fxai.rl.training.lane_pack import Lane, LanePack
from fxai.rl.training.training import Training
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, training_in

MODEL = ModelConfig(d_model=19, n_layers=2)
PPO = PpoConfig(total_updates=8, eval_frequency=2, n_envs=5, rollout_steps=7, batch_size=11, n_epochs=2)
DQN = DqnConfig(
    total_updates=8, eval_frequency=2, n_envs=5, rollout_steps=3, buffer_size=57, batch_size=11, learning_starts=0
)
ALGORITHMS: dict[str, Sequence[PpoConfig | DqnConfig]] = {
    "ppo": [PPO, PPO.model_copy(update={"n_epochs": 3, "target_kl": 0.01}), PPO.model_copy(update={"n_epochs": 1})],
    "dqn": [
        DQN,
        DQN.model_copy(update={"learning_starts": 20, "gradient_steps": 3}),
        DQN.model_copy(update={"target_interval": 2, "eval_frequency": 3}),
    ],
}


def preference(policy: Policy, weights: torch.Tensor, lanes: Sequence[int]) -> list[SpanScore]:
    seen = torch.tensor([[1.0, 0.0], [-1.0, 2.0]]).expand(len(lanes), 2, 2)
    preferences = policy.preferences(weights[lanes], seen)[:, 0].sum(1).tolist()
    return [SpanScore({"preference": value}, parts=(), bars_per_year=1.0) for value in preferences]


def training(pack: Pack) -> Training:
    env = ProbeEnv(lambda sign, _time, action: sign * (action - 0.5), pack.seeds, envs=5, length=3, truncates=True)
    return training_in(env, pack, preference)


def lanes(algorithm: str) -> list[Lane]:
    return [Lane(TrainingConfig(model=MODEL, training=each), seed) for seed, each in enumerate(ALGORITHMS[algorithm])]


def scores(pack: LanePack, lanes: Sequence[Lane]) -> list[dict[str, float]]:
    found = pack.evaluate(lanes)
    return [{name: value for name, value in each.metrics.items() if name != "steps_per_second"} for each in found]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_made_up_lanes_change_no_number(algorithm: str):
    packs = LanePack(training), LanePack(training, width=6)
    members = [lanes(algorithm) for _ in packs]
    for chosen, updates in (((0, 1), 3), ((1, 2), 2), ((0, 1, 2), 1), ((2,), 2)):
        seen = []
        for pack, own in zip(packs, members, strict=True):
            together = [own[index] for index in chosen]
            pack.set_lanes(together)
            for _ in range(updates):
                pack.update()
            lanes_to_evaluate = [own.index(lane) for lane in pack.lanes_to_evaluate()]
            seen.append(
                (
                    pack.stacked_states(together),
                    scores(pack, together),
                    lanes_to_evaluate,
                    [pack.updates(lane) for lane in together],
                )
            )
        plain, padded = seen
        torch.testing.assert_close(padded, plain, rtol=0, atol=0, equal_nan=True)


def test_a_fixed_width_has_an_end():
    pack = LanePack(training, width=2)
    with pytest.raises(FxaiError, match="3 lanes exceed"):
        pack.set_lanes(lanes("ppo"))


def test_all_lanes_of_a_padded_pack_are_computed():
    widths = []

    def noted(pack: Pack) -> Training:
        widths.append(len(pack.seeds))
        return training(pack)

    pack = LanePack(noted, width=4)
    members = lanes("ppo")
    for count in (1, 3, 2):
        pack.set_lanes(members[:count])
    assert widths == [4, 4, 4]


@pytest.mark.parametrize("limit", [None, 0.5], ids=["by mask", "with an early stop among them"])
def test_a_lane_that_is_through_is_safe_from_what_it_would_have_learnt_next(limit: float | None):
    """Its weights are so large that one more gradient would overflow; the other lane takes more epochs."""
    extreme = PPO.model_copy(update={"n_epochs": 1, "learning_rate": 1e22, "batch_size": 35})
    long = extreme.model_copy(update={"n_epochs": 3, "learning_rate": 1e-3, "target_kl": limit})
    pack_of = partial(Pack, seeds=(0, 1))
    config = partial(TrainingConfig, model=MODEL)
    packed = training(pack_of((config(training=extreme), config(training=long))))  # not in the order of their work
    alone = training(Pack((config(training=extreme),), (0,)))
    for each in (packed, alone):
        each.update()
    assert np.isfinite(alone.weights).all()
    assert np.array_equal(packed.weights[0], alone.weights[0])
