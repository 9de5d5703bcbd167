"""What small trainings come to, held against stored results: where they change, `NUMERICS` must change too.

The results must hold on every x86 machine, with and without AVX-512, and with other builds of torch. These round sums
differently, by some 1e-7 of a number, and a training magnifies that. What is compared is therefore how far three
updates have moved the weights, in all and in some fixed directions, with a tolerance of 1e-4 of the way. With the
instructions of SSE4.2, AVX2 and AVX-512 and with torch's operations in place of compiled loops the largest deviation
was 3e-6; half as much again of Adam's epsilon is well above the tolerance (a test below holds it). Few updates and
few draws keep small the chance that a rounding turns one action into another.

After a change that is meant: raise `NUMERICS` in src/fxai/rl/agents/numerics.py, then
`python tests/rl/test_numerics.py` writes the new results into golden_results.json.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest

from fxai.market.markets.dataset import prepare
from fxai.protocol import JsonObject
from fxai.rl.agents.build_training import build_training
from fxai.rl.agents.numerics import NUMERICS, with_numerics
from fxai.rl.algorithms import adam
from fxai.rl.kernels import adam as compiled_adam
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.training_config import TrainingConfig

GOLDEN = Path(__file__).parent / "golden_results.json"
UPDATES = 3
PROJECTIONS = 6
TOLERANCE = 1e-4  # of the way that the weights have moved
SCORE_TOLERANCE = 1e-2  # of the score, in which one action of thousands may differ
DIGITS = 8  # that are stored
SEED = 11

MLP: JsonObject = {"d_model": 16, "n_layers": 2}
QUICK: JsonObject = {
    "total_updates": UPDATES,
    "eval_frequency": UPDATES,
    "n_envs": 4,
    "rollout_steps": 16,
    "learning_rate": 1e-3,
}
PPO: JsonObject = {"algorithm": "ppo", "n_epochs": 2, "batch_size": 32}
A2C: JsonObject = {"algorithm": "a2c"}
DQN: JsonObject = {
    "algorithm": "dqn",
    "batch_size": 16,
    "buffer_size": 256,
    "learning_starts": 32,
    "gradient_steps": 4,
    "n_step": 2,
}
CASES: dict[str, tuple[JsonObject, JsonObject]] = {
    "ppo": (MLP, PPO),
    "ppo, values clipped, ends early": (MLP, {**PPO, "value_clip_epsilon": 0.1, "target_kl": 0.005, "gamma": 0.9}),
    "ppo of a gru": ({"type": "gru", "d_model": 8, "n_layers": 1}, PPO),
    "ppo of a transformer": ({"type": "transformer", "d_model": 8, "n_layers": 1, "n_heads": 2, "d_ff": 16}, PPO),
    "ppo with dropout": ({**MLP, "dropout": 0.2}, PPO),
    "a2c": (MLP, A2C),
    "dqn": (MLP, DQN),
    "double dqn, slow target": (MLP, {**DQN, "double": True, "target_tau": 0.1}),
}


class Result(TypedDict):
    """Results of one small training."""

    moved: float
    along: list[float]
    mean_reward: float


class GoldenResults(TypedDict):
    """The content of golden_results.json."""

    numerics: int
    results: dict[str, Result]


def result_of(case: str) -> Result:
    """How far the weights have moved, how far in some fixed directions, and what the agent then scores."""
    model, training = CASES[case]
    config = TrainingConfig.model_validate(
        {
            "data": {"split": {"embargo_bars": 24}},
            "model": model,
            "env": {"max_episode_steps": 32},
            "training": {**QUICK, **training},
        }
    )
    pack = Pack((config,), (SEED,))
    market = prepare(config.data)
    trained = build_training(pack, config.env, market)
    before = trained.weights[0].astype(np.float64)
    (evaluation,) = trained.evaluations()
    moved = trained.weights[0].astype(np.float64) - before
    places = np.arange(1, len(moved) + 1, dtype=np.float64)
    along = [_stored(float(moved @ np.cos(places * k * 0.7))) for k in range(1, PROJECTIONS + 1)]
    score = evaluation.metrics[0]["mean_reward"]
    return {"moved": _stored(float(np.linalg.norm(moved))), "along": along, "mean_reward": _stored(score)}


def _stored(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def differs(result: Result, golden: Result) -> bool:
    """Whether two results are those of different computations."""
    size = golden["moved"]
    numbers = [(result["moved"], size), *zip(result["along"], golden["along"], strict=True)]
    if any(abs(one - other) > TOLERANCE * size for one, other in numbers):
        return True
    return result["mean_reward"] != pytest.approx(golden["mean_reward"], rel=SCORE_TOLERANCE)


def stored() -> GoldenResults:
    golden: GoldenResults = json.loads(GOLDEN.read_text())
    return golden


def test_the_results_are_of_this_number() -> None:
    assert stored()["numerics"] == NUMERICS, f"write the results of this number: python {Path(__file__).name}"
    assert stored()["results"].keys() == CASES.keys()


@pytest.mark.parametrize("case", CASES)
def test_trainings_have_the_golden_results(case: str) -> None:
    result, golden = result_of(case), stored()["results"][case]
    assert not differs(result, golden), (
        f"trainings come to other numbers ({result} instead of {golden}). If that is meant, raise NUMERICS in "
        "src/fxai/rl/agents/numerics.py and run `python tests/rl/test_numerics.py`; "
        "no checkpoint of before is then taken up"
    )


@pytest.mark.parametrize("case", ["ppo", "a2c", "dqn"])
def test_a_small_change_of_an_algorithm_is_noticed(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (adam, compiled_adam):
        monkeypatch.setattr(module, "EPSILON", 1.5 * compiled_adam.EPSILON)
    assert differs(result_of(case), stored()["results"][case])


def test_identities_of_earlier_releases_have_their_number() -> None:
    assert with_numerics({"a": 1, "versions": {"fxai": "0.1.0", "torch": "2"}}) == {
        "a": 1,
        "versions": {"numerics": 1, "torch": "2"},
    }
    assert with_numerics({"versions": {"fxai": "9.9.9"}}) == {"versions": {"numerics": None}}
    unchanged: tuple[JsonObject, ...] = ({"versions": {"numerics": 7, "torch": "2"}}, {"a": 1})
    for identity in unchanged:
        assert with_numerics(identity) == identity


def write() -> None:
    """Store the results of this number; refused where they are others than those that are stored for it."""
    results = {case: result_of(case) for case in CASES}
    if GOLDEN.exists() and (old := stored())["numerics"] == NUMERICS:
        changed = [case for case in CASES if case in old["results"] and differs(results[case], old["results"][case])]
        if changed:
            sys.exit(f"other results than before ({', '.join(changed)}): raise NUMERICS first")
        results = {case: old["results"].get(case, result) for case, result in results.items()}
    GOLDEN.write_text(json.dumps({"numerics": NUMERICS, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    write()
