"""Plots that are drawn before the end of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fxai.protocol import TrialResult, TrialState
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.open_search import open_search
from fxai.search.studies import load_study
from fxai.search.study import Search
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec
from fxai.study.early_plots import early_plots
from fxai.study.events import Ending, StudyEnded, StudyProgress

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture
def study(tmp_path: Path) -> StudySpec:
    return StudySpec(
        study_name="early",
        storage=f"sqlite:///{tmp_path / 'studies.db'}",
        parameters=(FloatParameter(name="training.gamma", low=0.9, high=0.99),),
    )


@pytest.fixture
def paths(tmp_path: Path) -> StudyPaths:
    return StudyPaths(tmp_path / "results", "early")


@pytest.fixture
def search(study: StudySpec) -> Iterator[Search]:
    """A study with two complete trials."""
    with open_search(study, study.storage, fingerprint={}, default_params={"training.gamma": 0.95}) as search:
        _complete(search, 0.1)
        _complete(search, 0.2)
        yield search


def _complete(search: Search, value: float) -> None:
    asked = search.ask()
    assert asked is not None
    search.tell(TrialResult(asked.number, TrialState.COMPLETE, 1.0, value))


def _ended(ending: Ending = Ending.REACHED) -> StudyEnded:
    return StudyEnded("early", StudyProgress(2, complete=2), 1.0, ending=ending)


def _record(study: StudySpec) -> StudyRecord:
    return StudyRecord.of(load_study(study.storage, study.study_name))


def test_plots_are_drawn_when_the_search_has_ended(search: Search, study: StudySpec, paths: StudyPaths) -> None:
    with early_plots(study, paths, plots=True) as early:
        assert list(early.after([_ended()])) == [_ended()]
        drawn = early.of(_record(study))
    assert drawn is not None
    assert paths.plot("slice_plot") in drawn.files
    assert "early · maximize mean_reward · 2 completed" in paths.plot("slice_plot").read_text()
    _complete(search, 0.3)
    assert early.of(_record(study)) is None  # they are of an earlier state of the study


@pytest.mark.parametrize(("ending", "plots"), [(Ending.INTERRUPTED, True), (Ending.REACHED, False)])
def test_nothing_is_drawn_for_a_stopped_run_or_without_plots(
    search: Search, study: StudySpec, paths: StudyPaths, ending: Ending, *, plots: bool
) -> None:
    assert search.counts().complete == 2
    with early_plots(study, paths, plots=plots) as early:
        list(early.after([_ended(ending)]))
        assert early.of(_record(study)) is None
    assert not paths.directory.exists()


def test_plots_that_cannot_be_drawn_are_left_to_the_end(search: Search, study: StudySpec, paths: StudyPaths) -> None:
    assert search.counts().complete == 2
    paths.results_folder.write_text("a file in place of the folder")
    with early_plots(study, paths, plots=True) as early:
        list(early.after([_ended()]))
        assert early.of(_record(study)) is None
