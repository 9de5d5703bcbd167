"""Samplers and pruners by import path: classes that this module holds."""

import warnings
from typing import Any

import optuna
import pytest
from optuna.exceptions import ExperimentalWarning

from fxai.errors import InputError
from fxai.protocol import Report
from fxai.search.custom_classes import check_imported, imported_pruner, imported_sampler
from fxai.search.samplers import Samplers
from fxai.spec.search.pruners import ImportedPruner
from fxai.spec.search.samplers import ImportedSampler
from fxai.spec.search.study import StudySpec
from small_study import MEMORY, Opener, ask, complete


class Remembering(optuna.samplers.RandomSampler):
    """Random, and keeps what it was made with."""

    def __init__(self, width: int = 1, seed: int | None = None) -> None:
        if width < 0:
            raise ValueError("width must not be below 0")
        self.made_with = (width, seed)
        super().__init__(seed)


class Unseeded(optuna.samplers.RandomSampler):
    """Takes nothing."""

    def __init__(self) -> None:
        super().__init__(1)


class Impatient(optuna.pruners.BasePruner):
    """Prunes at a step."""

    def __init__(self, **at: int) -> None:
        self.at = at["step"]

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:  # noqa: ARG002 (Optuna's signature)
        return trial.last_step is not None and trial.last_step >= self.at


HERE = __name__


def sampler(name: str = "Remembering", **arguments: Any) -> Any:
    return imported_sampler(ImportedSampler(type=f"{HERE}:{name}", **arguments), seed=7)


def test_arguments_arrive_and_the_seed_where_none_is_given() -> None:
    assert sampler(width=3).made_with == (3, 7)
    assert sampler(seed=5).made_with == (1, 5)
    assert isinstance(sampler("Unseeded"), Unseeded)
    assert isinstance(imported_sampler(ImportedSampler(type=f"{HERE}.Unseeded"), 0), Unseeded)


def test_each_trial_has_a_seed_of_its_own() -> None:
    samplers = Samplers(ImportedSampler(type=f"{HERE}:Remembering"), (), study_seed=3)
    seeds = [samplers.for_trial(number).made_with[1] for number in range(4)]  # type: ignore[attr-defined]
    assert len(set(seeds)) == 4
    again = Samplers(ImportedSampler(type=f"{HERE}:Remembering"), (), study_seed=3)
    assert [again.for_trial(number).made_with[1] for number in range(4)] == seeds  # type: ignore[attr-defined]


def test_a_study_is_searched_with_them(open_study: Opener) -> None:
    pruner = {"type": f"{HERE}:Impatient", "step": 2}
    search = open_study(MEMORY, sampler={"type": f"{HERE}:Remembering", "width": 2}, pruner=pruner)
    points = []
    for _ in range(4):
        asked = ask(search)
        points.append(tuple(asked.params.values()))
        pruned = []
        for step in (1, 2):
            report = Report(asked.number, step, 0.5)
            search.report(report)
            pruned.append(search.should_prune(report))
        assert pruned == [False, True]
        search.tell(complete(asked))
    assert len(set(points)) == 4


def test_a_class_of_optunas_own_that_has_no_record() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        made = imported_pruner(ImportedPruner(type="optuna.pruners.WilcoxonPruner", p_threshold=0.2))
    assert isinstance(made, optuna.pruners.WilcoxonPruner)


@pytest.mark.parametrize(
    ("path", "arguments", "message"),
    [
        ("no_such_module:X", {}, "no_such_module:X cannot be imported: ModuleNotFoundError: No module named"),
        (f"{HERE}:Rememberin", {}, f"the module {HERE} has no 'Rememberin'; did you mean 'Remembering'?"),
        (f"{HERE}:Impatient", {"step": 1}, f"{HERE}:Impatient is not a subclass of Optuna's BaseSampler"),
        (f"{HERE}:HERE", {}, f"{HERE}:HERE is not a subclass of Optuna's BaseSampler"),
        ("optuna.samplers:BaseSampler", {}, "cannot be created with these arguments: TypeError"),
        (f"{HERE}:Remembering", {"widht": 3}, "has no argument 'widht'; did you mean 'width'? It has: width, seed"),
        (f"{HERE}:Remembering", {"width": -1}, "cannot be created with these arguments: ValueError: width must not"),
        (f"{HERE}:Unseeded", {"x": 1}, "has no argument 'x'. It has: no arguments"),
    ],
)
def test_what_is_wrong_is_one_message(path: str, arguments: dict[str, Any], message: str) -> None:
    gamma = {"kind": "float", "name": "training.gamma", "low": 0.9, "high": 0.99}
    written = {"study_name": "s", "parameters": [gamma], "sampler": {"type": path, **arguments}}
    with pytest.raises(InputError) as caught:
        check_imported(StudySpec.model_validate(written))
    assert message in str(caught.value)


def test_a_pruner_is_no_sampler() -> None:
    with pytest.raises(InputError, match="is not a subclass of Optuna's BasePruner, so it cannot be the pruner"):
        imported_pruner(ImportedPruner(type=f"{HERE}:Unseeded"))
