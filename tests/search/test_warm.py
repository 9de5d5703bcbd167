"""A new study that learns from an earlier one's trials."""

from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

from fxai.results.record import StudyRecord
from fxai.search import attributes
from fxai.search.open_search import open_search
from fxai.search.studies import load_study, summaries
from fxai.search.study import Search
from fxai.search.warm import warm_trials
from fxai.spec.configure import default_params
from fxai.spec.fingerprint import fingerprint
from fxai.spec.overlay import Overlay, SourceStudy
from fxai.spec.parameters import FloatParameter, IntParameter
from fxai.spec.study import StudySpec
from fxai.trial import Report, TrialResult, TrialState

LR = FloatParameter(name="training.learning_rate", low=1e-5, high=1e-2, log=True)
EPOCHS = IntParameter(name="training.n_epochs", low=1, high=8)


def spec(name: str, *parameters: Any, **fields: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": name, "parameters": parameters or (LR, EPOCHS), **fields})


def opened(study: StudySpec, url: str, overlay: Overlay | None = None) -> Search:
    return open_search(
        study, url, fingerprint=fingerprint(study), default_params=default_params(study), overlay=overlay
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database with a study of twelve trials, the last one pruned at a report and one before it at none."""
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    with opened(spec("first", n_trials=12), url) as search:
        for number in range(12):
            asked = search.ask()
            assert asked is not None
            if number < 10:
                value = float(asked.params["training.n_epochs"] or 0)
                search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value=value))
                continue
            if number == 11:
                search.report(Report(asked.number, 5, 1.5))
            search.tell(TrialResult(asked.number, TrialState.PRUNED, 1.0))
    return url


def overlay(url: str) -> Overlay:
    source = SourceStudy(study_name="first", storage=url, finished=12, best_trial=0, best_value=8.0)
    return Overlay(source=source, modes=("warm",), warm=11)


def test_trials_come_along_and_count_for_nothing(url: str) -> None:
    target = spec("next", n_trials=5)
    with opened(target, url, overlay(url)) as search:
        assert search.counts().finished == 0
        assert search.counts().best_trial is None
        first = search.ask()
        assert first is not None
        assert first.number == 0
        assert first.params == default_params(target)
        search.tell(TrialResult(0, TrialState.COMPLETE, 1.0, value=-1.0))
        assert (search.counts().finished, search.counts().best_value) == (1, -1.0)
    stored = load_study(url, "next")
    copies = [trial for trial in stored.trials if attributes.TRANSFERRED in trial.user_attrs]
    assert [trial.state for trial in copies] == [OptunaState.COMPLETE] * 10 + [OptunaState.PRUNED]
    assert copies[-1].intermediate_values == {5: 1.5}
    record = StudyRecord.of(stored)
    assert record.best is not None
    assert record.best.number == 0
    (_, summary) = summaries(url)
    assert (summary.counts.complete, summary.counts.pruned, summary.counts.best_value) == (1, 0, -1.0)


def test_the_sampler_learns_from_them(url: str) -> None:
    """Of ten random points and their values TPE proposes from its second trial on, where it would draw at random."""
    with opened(spec("next"), url, overlay(url)) as warm, opened(spec("cold"), url) as cold:
        assert warm.ask() == cold.ask()
        assert warm.ask() != cold.ask()


def test_resuming_adds_no_second_copy(url: str) -> None:
    for _ in range(2):
        with opened(spec("next"), url, overlay(url)):
            pass
    assert len(load_study(url, "next").trials) == 12  # eleven and trial 0, which waits


@pytest.mark.parametrize(
    "target",
    [
        spec("next", metric_name="sharpe"),
        spec("next", direction="minimize"),
        spec("next", seeds_per_trial=2),
        spec("next", training_config={"env": {"commission_rate": 0.001}}),
        spec("next", training_config={"training": {"total_updates": 7}}),
        spec("next", LR),
        spec("next", LR, EPOCHS, IntParameter(name="model.n_layers", low=1, high=3)),
    ],
)
def test_nothing_comes_from_a_study_that_scores_or_searches_otherwise(url: str, target: StudySpec) -> None:
    assert warm_trials(load_study(url, "first"), target) == []


def test_only_points_of_the_new_space_come(url: str) -> None:
    source = load_study(url, "first")
    fewer = warm_trials(source, spec("next", LR, EPOCHS.model_copy(update={"high": 4})))
    assert 0 < len(fewer) < 11
    assert all(trial.params["training.n_epochs"] <= 4 for trial in fewer)
    renamed = LR.model_copy(update={"name": "lr"})
    assert {*warm_trials(source, spec("next", renamed, EPOCHS))[0].params} == {"lr", "training.n_epochs"}
