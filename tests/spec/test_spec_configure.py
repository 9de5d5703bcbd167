from typing import Any

import pytest

from fxai.errors import InputError
from fxai.spec import StudySpec, TrainingConfig, configure, default_params


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
        ({"training": 0.9}, "has no 'training'"),
        ({"training.gamma": 2.0}, "training.gamma: must be less than or equal to 1, not 2.0"),
        ({"training.batch_size": 4096}, "training: batch_size 4096 is more than one rollout holds"),
        ({"model.type": "transformer", "model.n_heads": 3}, "model: d_model 64 cannot be shared by 3 heads"),
    ],
)
def test_impossible_configurations_say_why(params: dict[str, Any], message: str) -> None:
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
