import math
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from fxai.errors import InputError, SpecError, StorageError
from fxai.protocol import STANDARD_ERROR
from fxai.results.gain import gain
from fxai.results.importances.importance_tests import FEWEST_TRIALS, importance_tests
from fxai.results.record import StudyRecord
from fxai.results.transfer import transfer
from fxai.search import attributes
from fxai.spec.reading.transfer_spec import TransferSpec, apply_transfer
from fxai.spec.search.configure import default_params, trial_config
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter, contains
from fxai.spec.search.study import StudySpec

LR = FloatParameter(name="lr", path="training.learning_rate", low=1e-4, high=1e-2, log=True)
GAMMA = FloatParameter(name="training.gamma", low=0.9, high=0.999)
WIDTH = CategoricalParameter(name="model.d_model", choices=(16, 32, 64, 128))
URL = "sqlite:///studies.db"


def spec(name: str, *parameters: Parameter, **fields: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": name, "parameters": parameters, **fields})


def finished(of: StudySpec, values: list[tuple[dict[str, Any], float]], **attrs: Any) -> optuna.Study:
    """A study of that spec with completed trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name=of.study_name, direction=of.direction)
    study.set_user_attr(attributes.FINGERPRINT, fingerprint(of))
    spaces = {
        "lr": FloatDistribution(1e-4, 1e-2, log=True),
        "training.gamma": FloatDistribution(0.9, 0.999),
        "model.d_model": CategoricalDistribution((16, 32, 64, 128)),
        "model.widths.1": IntDistribution(4, 64),
    }
    for params, value in values:
        told = {attributes.SEED: 1, **attrs}
        study.add_trial(
            create_trial(
                params=params, distributions={name: spaces[name] for name in params}, value=value, user_attrs=told
            )
        )
    return study


SOURCE = spec("first", LR, WIDTH)
SECOND_LAYER = IntParameter(name="model.widths.1", low=4, high=64)
POINTS: list[tuple[dict[str, Any], float]] = [
    ({"lr": 1e-3, "model.d_model": 16}, 0.1),
    ({"lr": 5e-3, "model.d_model": 64}, 0.3),
    ({"lr": 2e-3, "model.d_model": 32}, 0.2),
]


def test_fixed_values_are_trained_with_and_not_scored_by() -> None:
    reward = "env.reward.pnl_coefficient"
    of_reward = FloatParameter(name=reward, low=50, high=300)
    source = finished(spec("first", LR), [({"lr": 5e-3}, 0.3)])
    target = spec("next", GAMMA, fixed={reward: 250.0})
    made = apply_transfer(target, transfer(source, URL, target, ["fix"], top=5, width=0.25).transfer_spec, "t.yaml")
    config = trial_config(made, default_params(made))
    assert config.training.learning_rate == 5e-3
    assert config.env.reward.pnl_coefficient == 250
    assert made.training_config == target.training_config
    assert default_params(spec("next", of_reward, fixed={reward: 250.0})) == {reward: 250}


def test_layers_that_the_next_network_has_not_are_left_out() -> None:
    wide = {"training_config": {"model": {"widths": (32, 32)}}}
    source = finished(spec("first", LR, SECOND_LAYER, **wide), [({"lr": 5e-3, "model.widths.1": 9}, 0.3)])
    made = transfer(source, URL, spec("next", GAMMA, **wide), ["fix"], top=5, width=0.25)
    assert made.transfer_spec.fixed == {"training.learning_rate": 5e-3, "model.widths.1": 9}
    without = transfer(source, URL, spec("next", GAMMA), ["fix"], top=5, width=0.25)
    assert without.transfer_spec.fixed == {"training.learning_rate": 5e-3}
    assert without.remarks == ("next has no model.widths.1; left out",)


def test_values_that_a_source_took_over_are_passed_on() -> None:
    source = finished(SOURCE, POINTS)
    second = spec("second", GAMMA)
    first_overlay = transfer(source, URL, second, ["fix"], top=5, width=0.25).transfer_spec
    assert first_overlay.fixed == {"training.learning_rate": 5e-3, "model.d_model": 64}
    after = finished(apply_transfer(second, first_overlay, "t.yaml"), [({"training.gamma": 0.95}, 0.4)])
    after.set_user_attr(attributes.TRANSFER, first_overlay.model_dump(mode="json"))
    third = spec("third", LR, WIDTH)
    transfer_spec = transfer(after, URL, third, ["fix", "narrow"], top=5, width=0.5).transfer_spec
    assert transfer_spec.fixed == {"training.learning_rate": 5e-3, "model.d_model": 64, "training.gamma": 0.95}
    made = apply_transfer(third, transfer_spec, "t.yaml")
    assert default_params(made) == {"lr": 5e-3, "model.d_model": 64}
    rate, width = made.parameters
    assert isinstance(rate, FloatParameter)
    assert 1e-4 <= rate.low < 5e-3 <= rate.high <= 1e-2
    assert isinstance(width, CategoricalParameter)
    assert width.choices == (32, 64, 128)


def test_the_best_trials_are_tried_first_within_what_is_left() -> None:
    source = finished(SOURCE, POINTS)
    target = spec("next", LR, WIDTH)
    transfer_spec = transfer(source, URL, target, ["enqueue"], top=2, width=0.25).transfer_spec
    assert transfer_spec.enqueue == ({"lr": 5e-3, "model.d_model": 64}, {"lr": 2e-3, "model.d_model": 32})
    both = transfer(source, URL, target, ["narrow", "enqueue"], top=3, width=0.25).transfer_spec
    made = apply_transfer(target, both, "t.yaml")
    known = {each.name: each for each in made.parameters}
    assert all(contains(known[name], value) for entry in made.enqueue for name, value in entry.items())


def test_what_trial_0_is_already_is_not_tried_again() -> None:
    transfer_spec = transfer(
        finished(SOURCE, POINTS), URL, spec("next", LR, WIDTH), ["fix", "enqueue"], top=5, width=0.25
    ).transfer_spec
    assert transfer_spec.enqueue == ({"lr": 2e-3, "model.d_model": 32}, {"lr": 1e-3, "model.d_model": 16})


def test_a_kind_that_is_not_offered_is_left_to_the_sampler() -> None:
    kinds = CategoricalParameter(name="model.type", choices=("mlp", "gru"))
    source = optuna.create_study(study_name="kinds", direction="maximize")
    source.set_user_attr(attributes.FINGERPRINT, fingerprint(spec("kinds", kinds, LR)))
    spaces = {"model.type": CategoricalDistribution(("mlp", "gru")), "lr": FloatDistribution(1e-4, 1e-2, log=True)}
    source.add_trial(create_trial(params={"model.type": "gru", "lr": 5e-3}, distributions=spaces, value=1.0))
    target = spec("next", kinds.model_copy(update={"choices": ("mlp", "transformer")}), LR)
    transfer_spec = transfer(source, URL, target, ["enqueue", "narrow"], top=1, width=0.25).transfer_spec
    assert transfer_spec.enqueue == ({"lr": 5e-3},)
    assert [each.name for each in transfer_spec.narrowed] == ["lr"]


def test_values_that_trial_0_cannot_use_are_named() -> None:
    low = LR.model_copy(update={"high": 1e-3})
    made = transfer(finished(SOURCE, POINTS), URL, spec("next", low), ["fix"], top=1, width=0.25)
    assert made.remarks == ("training.learning_rate 0.005 lies outside the range of next; its trial 0 takes 0.001",)
    other = spec("next", LR, training_config={"training": {"algorithm": "dqn"}})
    clip = FloatParameter(name="training.clip_epsilon", low=0.1, high=0.3)
    source = optuna.create_study(study_name="clip", direction="maximize")
    source.set_user_attr(attributes.FINGERPRINT, fingerprint(spec("clip", clip)))
    told: dict[str, Any] = {"params": {clip.name: 0.2}, "distributions": {clip.name: FloatDistribution(0.1, 0.3)}}
    source.add_trial(create_trial(value=1.0, **told))
    source.ask()
    made = transfer(source, URL, other, ["fix"], top=1, width=0.25)
    assert made.transfer_spec.fixed == {}
    assert made.remarks == (
        "unfinished trials in clip: 1; transfer again when the study has ended",
        "next has no training.clip_epsilon; left out",
    )


def test_the_same_source_gives_the_same_transfer() -> None:
    modes: tuple[Any, ...] = ("fix_unimportant", "enqueue", "narrow", "warm")
    target = spec("next", LR, WIDTH, GAMMA)
    made = [transfer(finished(SOURCE, POINTS), URL, target, modes, top=5, width=0.25) for _ in range(2)]
    assert made[0] == made[1]
    assert any(
        "no parameter was dropped: 40 completed or pruned trials are required" in remark for remark in made[0].remarks
    )
    assert "nothing to learn from: first did not search training.gamma" in made[0].remarks


def test_important_parameters_exceed_chance_and_noise_does_not() -> None:
    grid = [(i / 39, (i * 17 % 40) / 39) for i in range(40)]
    points = [({"lr": 1e-4 * 100**a, "training.gamma": 0.9 + 0.099 * b}, a) for a, b in grid]
    source = finished(spec("first", LR, GAMMA), points)
    found = importance_tests(source)
    assert found["lr"].stands_out
    assert not found["training.gamma"].stands_out
    target = spec("next", LR, GAMMA)
    transfer_spec = transfer(source, URL, target, ["fix_unimportant"], top=5, width=0.25).transfer_spec
    assert transfer_spec.dropped == ("training.gamma",)
    assert "training.gamma" in transfer_spec.fixed
    assert importance_tests(finished(spec("few", LR, GAMMA), points[: FEWEST_TRIALS - 1])) == {}


def test_a_study_without_a_completed_trial_cannot_be_transferred() -> None:
    with pytest.raises(InputError, match="nothing to transfer"):
        transfer(finished(SOURCE, []), URL, spec("next", LR), ["fix"], top=5, width=0.25)


def test_an_overlay_of_another_spec_is_refused_by_its_name() -> None:
    transfer_spec = transfer(
        finished(SOURCE, POINTS), URL, spec("next", LR, WIDTH), ["narrow"], top=5, width=0.25
    ).transfer_spec
    with pytest.raises(
        SpecError, match=r"transfer.yaml: narrowed\[1\].name: the study has no parameter 'model.d_model'"
    ):
        apply_transfer(spec("next", LR), transfer_spec, "transfer.yaml")
    smaller = WIDTH.model_copy(update={"choices": (16, 32)})
    with pytest.raises(SpecError, match=r"transfer.yaml: narrowed\[1\]: is not within the range of model.d_model"):
        apply_transfer(spec("next", LR, smaller), transfer_spec, "transfer.yaml")
    edited = transfer_spec.model_copy(
        update={"narrowed": (transfer_spec.narrowed[0].model_copy(update={"high": 1.0}),)}
    )
    with pytest.raises(SpecError, match=r"narrowed\[0\]: is not within the range of lr in the spec"):
        apply_transfer(spec("next", LR), edited, "transfer.yaml")
    with pytest.raises(SpecError, match=r"dropped\[0\]: the study has no parameter 'r'"):
        apply_transfer(
            spec("next", LR), transfer_spec.model_copy(update={"dropped": ("r",), "narrowed": ()}), "transfer.yaml"
        )
    with pytest.raises(SpecError, match=r"dropped: drops all parameters of next"):
        apply_transfer(
            spec("next", LR), transfer_spec.model_copy(update={"dropped": ("lr",), "narrowed": ()}), "transfer.yaml"
        )
    with pytest.raises(SpecError, match=r"enqueue\[0\].*outside the parameter's range"):
        apply_transfer(
            spec("next", LR, WIDTH),
            TransferSpec(source=transfer_spec.source, modes=(), enqueue=({"lr": 1.0},)),
            "t.yaml",
        )


def test_the_gain_is_over_trial_0_with_the_errors_of_both() -> None:
    target = spec("next", LR, WIDTH)
    transfer_spec = transfer(finished(SOURCE, POINTS), URL, target, ["fix"], top=5, width=0.25).transfer_spec
    study = finished(apply_transfer(target, transfer_spec, "t.yaml"), POINTS, **{STANDARD_ERROR: 0.03})
    assert gain(StudyRecord.of(study), None) is None
    study.set_user_attr(attributes.TRANSFER, TransferSpec.model_dump(transfer_spec, mode="json"))
    found = gain(StudyRecord.of(study), None)
    assert found is not None
    assert (found.source, found.best_trial) == ("first", 1)
    assert found.amount == pytest.approx(0.2)
    assert found.standard_error == pytest.approx(0.03 * math.sqrt(2))
    alone = finished(apply_transfer(target, transfer_spec, "t.yaml"), POINTS)
    alone.set_user_attr(attributes.TRANSFER, TransferSpec.model_dump(transfer_spec, mode="json"))
    found = gain(StudyRecord.of(alone), None)
    assert found is not None
    assert found.standard_error is None
    assert TrialState.COMPLETE in {trial.state for trial in alone.trials}


def test_a_source_whose_fingerprint_lost_its_parameters_is_refused() -> None:
    source = finished(SOURCE, POINTS)
    source.set_user_attr(attributes.FINGERPRINT, {})
    with pytest.raises(StorageError, match=r"has no parameter .*restore the database"):
        transfer(source, URL, spec("next", LR, WIDTH), ["narrow"], top=5, width=0.25)
