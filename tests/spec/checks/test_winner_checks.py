"""Which studies have their best trial trained again: for a confirmation, and for a verdict."""

from typing import Any

import pytest

from fxai.errors import SpecError
from fxai.spec.checks.winner_checks import after_search, with_winner_defaults
from fxai.spec.reading.override import override
from fxai.spec.reading.validation import validate_spec
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.search.verdict import VerdictConfig

GAMMA = {"name": "training.gamma", "kind": "float", "low": 0.9, "high": 0.99}
GOALS = [{"metric": "sharpe", "direction": "maximize"}, {"metric": "turnover", "direction": "minimize"}]
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "custom code": (
        {"objective": "a:b", "parameters": [{**GAMMA, "name": "g"}]},
        "applies to fx_trading and llm_signal",
    ),
    "population": ({"search": {"type": "pbt", "population": 4}}, "cannot train a member of a population again"),
    "objectives": ({"objectives": GOALS}, "needs a single objective"),
}


def study(**settings: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": "s", "parameters": [GAMMA], **settings})


def faults(value: Any, key: str = "confirm", **settings: Any) -> dict[tuple[Any, ...], str]:
    study = {"study_name": "s", "parameters": [GAMMA], key: value, **settings}
    return {path[2:]: message for path, message in validate_spec({"name": "x", "studies": [study]})[1]}


@pytest.mark.parametrize("key", ["confirm", "verdict"])
@pytest.mark.parametrize("kind", REFUSED)
def test_a_study_whose_winner_cannot_be_trained_again_is_refused(kind: str, key: str) -> None:
    settings, message = REFUSED[kind]
    found = faults({}, key, **settings)
    assert list(found) == [(key,)]
    assert message in found[key,]
    assert f"{key}: off" in found[key,]
    assert not faults("off", key, **settings)


def test_a_verdict_needs_a_test_split() -> None:
    split = {"data": {"split": {"train": 0.8, "validation": None}}}
    assert "needs a test split" in faults({}, "verdict", training_config=split)["verdict",]
    assert not faults({}, "confirm", training_config=split)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_study_whose_winner_cannot_be_trained_again_has_neither_by_default(kind: str) -> None:
    found = with_winner_defaults(study(**REFUSED[kind][0]))
    assert (found.confirm, found.verdict) == (None, None)
    assert not after_search(found)


def test_other_studies_have_both_by_default() -> None:
    found = with_winner_defaults(study())
    assert (found.confirm, found.verdict) == (Confirmation(), VerdictConfig())
    assert with_winner_defaults(found) == found
    assert after_search(found) == (
        "After the search: confirm (the best trials on fresh seeds), verdict (the best trial on the test split).",
    )


def test_without_a_test_split_there_is_a_confirmation_by_default() -> None:
    found = with_winner_defaults(study(training_config={"data": {"split": {"train": 0.8, "validation": None}}}))
    assert (found.confirm, found.verdict) == (Confirmation(), None)


def test_what_is_off_stays_off_and_settings_stay() -> None:
    found = with_winner_defaults(study(confirm="off", verdict={"seeds": 3}))
    assert (found.confirm, found.verdict) == ("off", VerdictConfig(seeds=3))


@pytest.mark.parametrize("off", ["off", False])
def test_a_confirmation_can_be_off(off: object) -> None:
    assert study(confirm=off).confirm == "off"
    assert StudySpec.model_validate(study(confirm=off).model_dump()) == study(confirm=off)


@pytest.mark.parametrize("on", ["on", True, {}])
def test_a_confirmation_has_defaults(on: object) -> None:
    assert study(confirm=on).confirm == Confirmation(candidates=8, seeds=16, budget=0.3)


def test_null_is_the_default() -> None:
    assert study(confirm=None) == study()


@pytest.mark.parametrize("wrong", [{"seeds": 1}, {"candidates": 0}, {"budget": 0}, {"seed": 3}, "yes", 3, [1]])
def test_a_wrong_confirmation_is_refused(wrong: Any) -> None:
    found = faults(wrong)
    assert len(found) == 1
    assert all(path[0] == "confirm" for path in found)


def test_a_confirmation_is_neither_a_number_nor_another_word() -> None:
    assert faults("maybe") == {("confirm",): "must be on, off or a mapping, not 'maybe'"}


def test_settings_of_the_command_line_turn_both_off() -> None:
    spec = Spec(name="x", studies=(study(verdict={"seeds": 3}),))
    (off,) = override(spec, {"confirm": "off", "verdict": "false"}).studies
    assert (off.confirm, off.verdict) == ("off", "off")
    (on,) = override(Spec(name="x", studies=(off,)), {"confirm": "on", "verdict": "{seeds: 4}"}).studies
    assert (on.confirm, on.verdict) == (Confirmation(), VerdictConfig(seeds=4))


def test_settings_of_the_command_line_set_single_fields() -> None:
    spec = Spec(name="x", studies=(study(confirm={"seeds": 5}),))
    (found,) = override(spec, {"confirm.candidates": "3", "verdict.seeds": "4"}).studies
    assert (found.confirm, found.verdict) == (Confirmation(candidates=3, seeds=5), VerdictConfig(seeds=4))
    with pytest.raises(SpecError, match=r"confirm is off; set confirm to \{seeds: 4\} instead"):
        override(Spec(name="x", studies=(study(confirm="off"),)), {"confirm.seeds": "4"})
    with pytest.raises(SpecError, match="seeds: must be"):
        override(spec, {"verdict.seeds": "one"})


def test_a_study_that_becomes_a_population_loses_its_defaults() -> None:
    spec = Spec(name="x", studies=(study(),))
    (found,) = override(spec, {"search": "{type: pbt, population: 4}", "sampler": "random", "pruner": "none"}).studies
    assert with_winner_defaults(found).confirm is None
