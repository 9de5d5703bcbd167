from typing import Any

import pytest

from fxai.errors import InputError
from fxai.spec.fields.algorithm import ALGORITHMS
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.config_fields import all_config_fields, config_fields
from fxai.spec.search.configure import configure, default_params
from fxai.spec.search.study import StudySpec


def study(*parameters: dict[str, Any], **config: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": "s", "parameters": parameters, "training_config": config})


GAMMA = {"kind": "float", "name": "training.gamma", "low": 0.9, "high": 0.95}
WIDTH = {"kind": "categorical", "name": "model.d_model", "choices": (32, 256)}
REWARD = {"kind": "float", "name": "env.reward.pnl_coefficient", "low": 50, "high": 300}


def test_parameters_land_at_their_paths_and_nowhere_else() -> None:
    base = TrainingConfig()
    made = configure(base, {"training.gamma": 0.9, "env.reward.pnl_coefficient": 7})
    assert made.training.gamma == 0.9
    assert made.env.reward.pnl_coefficient == 7
    assert configure(made, {"training.gamma": 0.99, "env.reward.pnl_coefficient": 100.0}) == base
    assert base == TrainingConfig()


def test_no_parameters_change_nothing() -> None:
    assert configure(TrainingConfig(), {}) == TrainingConfig()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"training.gama": 0.9}, "has no 'training.gama'; did you mean 'training.gamma'?"),
        ({"training": 0.9}, "'training' is a section of training_config"),
        ({"training.gamma": 2.0}, "training.gamma: must be less than or equal to 1, not 2.0"),
        ({"training.batch_size": 4096}, "training: batch_size 4096 is more than one rollout holds"),
        (
            {"training.buffer_size": 5000},
            "ppo has no 'training.buffer_size', a key of dqn; ppo has batch_size, n_epochs,",
        ),
        ({"training.algorithm": "dqm"}, "unknown algorithm 'dqm'; did you mean 'dqn'?"),
        ({"model.type": "transformer", "model.n_heads": 3}, "model: d_model 64 must be divisible by n_heads 3"),
    ],
)
def test_impossible_configurations_have_a_reason(params: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        configure(TrainingConfig(), params)
    assert message in str(caught.value)


def test_trial_0_takes_the_studys_own_values_moved_into_the_space() -> None:
    assert default_params(study(GAMMA, WIDTH, REWARD)) == {
        "training.gamma": 0.95,
        "model.d_model": 32,
        "env.reward.pnl_coefficient": 100.0,
    }
    own = study(GAMMA, WIDTH, training={"gamma": 0.91}, model={"d_model": 200})
    assert default_params(own) == {"training.gamma": 0.91, "model.d_model": 256}


def test_paths_are_those_of_the_studys_own_algorithm() -> None:
    replay = {"kind": "int", "name": "training.buffer_size", "low": 2_000, "high": 50_000}
    own = study(replay, GAMMA, training={"algorithm": "dqn"})
    assert default_params(own) == {"training.buffer_size": 10_000, "training.gamma": 0.95}
    assert isinstance(own.training_config, TrainingConfig)
    made = configure(own.training_config, {"training.buffer_size": 5_000}).training
    assert (made.algorithm, made.model_dump()["buffer_size"]) == ("dqn", 5_000)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_algorithms_defaults_are_sound_and_take_as_many_steps_as_any(algorithm: str) -> None:
    made = TrainingConfig.model_validate({"training": {"algorithm": algorithm}})
    assert type(made.training) is ALGORITHMS[algorithm]
    assert made.training.total_updates * made.training.rollout_size == 102_400
    assert made.training.total_updates % made.training.eval_frequency == 0
    assert TrainingConfig.model_validate(made.model_dump(mode="json")) == made
    assert set(config_fields(algorithm)) <= set(all_config_fields())
