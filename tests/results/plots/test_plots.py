import re
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState, create_trial
from plotly.offline import get_plotlyjs

from fxai.results.paths import StudyPaths
from fxai.results.plots.figures import contour_plot, optimization_history, parallel_coordinate, slice_plot, timeline
from fxai.results.plots.metric_axes import with_metric_axes
from fxai.results.plots.write import write_plots
from fxai.search import attributes
from fxai.spec.search.metric_goals import Goal

NAMES = {
    "optimization_history",
    "param_importances",
    "parallel_coordinate",
    "slice_plot",
    "contour_plot",
    "intermediate_values",
    "timeline",
    "edf_plot",
}


def _pages(study: optuna.Study, folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text() for path in write_plots(study, StudyPaths(folder, "fx_ai_quick"))}


def _absent(pages: dict[str, str]) -> set[str]:
    return {name for name, page in pages.items() if 'class="absent"' in page}


def test_the_guides_plots_are_all_there(study: optuna.Study, tmp_path: Path):
    pages = _pages(study, tmp_path)
    assert set(pages) == NAMES
    assert not _absent(pages)


def test_a_page_needs_no_network(study: optuna.Study, tmp_path: Path):
    for name, page in _pages(study, tmp_path).items():
        assert 'id="plot-figure"' in page, name
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page), name


def test_the_pages_share_one_script_of_their_results_folder(study: optuna.Study, tmp_path: Path):
    paths = StudyPaths(tmp_path, "fx_ai_quick")
    script = paths.plotly_script
    script.write_text("of an earlier version")
    pages = (*write_plots(study, paths), *write_plots(study, paths, Goal(metric="sharpe")))
    links = [(page, link) for page in pages for link in re.findall(r'<script src="([^"]+)">', page.read_text())]
    assert {page.parent.name for page, _ in links} == {"fx_ai_quick", "by_sharpe"}
    assert all((page.parent / link).resolve() == script for page, link in links)
    assert script.read_text() == get_plotlyjs()
    assert sum(page.stat().st_size for page in pages) < 1_000_000


def test_the_page_of_importances_says_how_pruned_trials_count(study: optuna.Study, tmp_path: Path):
    assert "A pruned trial counts as worse than every completed trial." in _pages(study, tmp_path)["param_importances"]


def test_links_lead_to_the_other_pages(study: optuna.Study, tmp_path: Path):
    for name, page in _pages(study, tmp_path).items():
        assert set(re.findall(r'href="(\w+)\.html"', page)) == NAMES - {name}


def test_every_page_of_an_empty_study_has_a_text(empty_study: optuna.Study, tmp_path: Path):
    pages = _pages(empty_study, tmp_path)
    assert _absent(pages) == NAMES
    assert "No trial has completed yet." in pages["optimization_history"]


def _one_completed(study: optuna.Study) -> None:
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    study.tell(trial, 1.0)


def _only_failed(study: optuna.Study) -> None:
    for _ in range(3):
        study.tell(study.ask(), state=TrialState.FAIL)


def _no_parameters(study: optuna.Study) -> None:
    study.add_trials([create_trial(value=value) for value in (1.0, 2.0)])


def _nothing_varies(study: optuna.Study) -> None:
    for _ in range(3):
        trial = study.ask()
        trial.suggest_categorical("x", ["a"])
        study.tell(trial, 1.0)


def _values_without_cause(study: optuna.Study) -> None:
    for value in (1.0, 2.0, 3.0):
        trial = study.ask()
        trial.suggest_categorical("x", ["a"])
        study.tell(trial, value)


def _conditional(study: optuna.Study) -> None:
    for number in range(8):
        trial = study.ask()
        kind = trial.suggest_categorical("model.type", ["mlp", "transformer"])
        if kind == "transformer":
            trial.suggest_int("model.n_heads", 1, 8, log=True)
        study.tell(trial, float(number))


def _one_runs(study: optuna.Study) -> None:
    study.ask().report(float("nan"), 1)


def _huge_values(study: optuna.Study) -> None:
    study.add_trials([create_trial(value=value) for value in (1e30, -1e30, float("inf"))])


@pytest.mark.parametrize(
    "fill",
    [
        _one_completed,
        _only_failed,
        _no_parameters,
        _nothing_varies,
        _values_without_cause,
        _conditional,
        _one_runs,
        _huge_values,
    ],
    ids=lambda fill: fill.__name__.strip("_"),
)
def test_unusual_studies_get_every_page(
    empty_study: optuna.Study, tmp_path: Path, fill: Callable[[optuna.Study], None]
):
    fill(empty_study)
    for name, page in _pages(empty_study, tmp_path).items():
        assert ('id="plot-figure"' in page) != ('class="absent"' in page), name


def test_names_are_text_and_never_markup(tmp_path: Path):
    study = optuna.create_study(study_name="<img src=x>")
    for value in (1.0, 2.0, 3.0):
        trial = study.ask()
        trial.suggest_float("</script><b>", 0, 1)
        study.tell(trial, value)
    for page in write_plots(study, StudyPaths(tmp_path, "safe")):
        text = page.read_text()
        assert "<img" not in text
        assert "</script><b>" not in text


def test_slices_are_in_rows_with_their_own_scales(study: optuna.Study):
    figure = slice_plot(study)
    titles = {axis.title.text: axis for axis in figure.select_xaxes()}
    assert titles["training.learning_rate"].type == "log"
    assert titles["training.batch_size"].type == "category"
    assert set(titles["training.learning_rate"].ticktext) >= {"1e-05", "0.0001", "0.001"}


def test_contours_show_at_most_four_parameters(empty_study: optuna.Study):
    empty_study.sampler = optuna.samplers.RandomSampler(seed=0)  # of unlucky trials x5 would not come first
    for number in range(24):
        trial = empty_study.ask()
        values = [trial.suggest_float(f"x{index}", 0, 1) for index in range(6)]
        empty_study.tell(trial, values[5] + number * 1e-3)
    titles = {axis.title.text for axis in contour_plot(empty_study).select_xaxes()} - {None, ""}
    assert len(titles) == 4
    assert "x5" in titles  # the one that matters


def test_the_timeline_leaves_out_the_night_between_two_runs(empty_study: optuna.Study):
    trials = [create_trial(value=1.0) for _ in range(4)]
    for number, trial in enumerate(trials):
        assert trial.datetime_start is not None
        start = trial.datetime_start + timedelta(seconds=10 * number, hours=12 if number > 1 else 0)
        trial.datetime_start, trial.datetime_complete = start, start + timedelta(seconds=9)
    empty_study.add_trials(trials)
    (idle,) = timeline(empty_study).layout.xaxis.rangebreaks
    assert idle.bounds == (trials[1].datetime_complete.isoformat(), trials[2].datetime_start.isoformat())


def test_the_timeline_hides_no_moment_at_which_a_trial_ran(empty_study: optuna.Study):
    for _ in range(3):
        empty_study.ask()
    assert not timeline(empty_study).layout.xaxis.rangebreaks


def test_parameters_of_some_trials_only_are_named_where_they_cannot_be_drawn():
    study = optuna.create_study(direction="maximize")
    for number in range(8):
        params = {"kind": "ab"[number % 2], "x": number / 10} | ({"of_b": number / 20} if number % 2 else {})
        space: dict[str, Any] = {
            name: optuna.distributions.FloatDistribution(0, 1) for name in params if name != "kind"
        }
        space["kind"] = optuna.distributions.CategoricalDistribution(("a", "b"))
        study.add_trial(create_trial(params=params, distributions=space, value=float(number)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = [parallel_coordinate(study), contour_plot(study)]
    for figure in figures:
        (note,) = [note.text for note in figure.layout.annotations if "only some trials" in note.text]
        assert note.endswith(": of_b")


def test_pruned_trials_are_marked_in_the_history(study: optuna.Study) -> None:
    (crosses,) = [trace for trace in optimization_history(study).data if trace.marker.symbol == "x"]
    pruned = [trial for trial in study.trials if trial.state is TrialState.PRUNED]
    assert list(crosses.x) == [trial.number for trial in pruned]
    assert list(crosses.y) == [trial.intermediate_values[50] for trial in pruned]


def test_axes_of_a_fraction_are_in_percent(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="returns", direction="maximize")
    study.set_metric_names(["total_return"])
    study.set_user_attr(attributes.FINGERPRINT, {"data": {"source": "eurusd_1h"}})
    for number in range(4):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.suggest_float("y", 0, 1)
        trial.report(0.01 * number, 5)
        study.tell(trial, 0.01 * number)
    pages = _pages(study, tmp_path)
    shown = {name for name, page in pages.items() if "~%" in page}
    drawn = {"optimization_history", "parallel_coordinate", "slice_plot", "contour_plot", "intermediate_values"}
    assert shown == {*drawn, "edf_plot"}
    assert "best 3\N{NO-BREAK SPACE}% by trial 3" in pages["edf_plot"]
    slices = with_metric_axes(slice_plot(study), trading=True)
    assert {axis.hoverformat for axis in slices.select_yaxes()} == {".2~%"}  # of the second column too


def test_parallel_coordinates_of_a_fraction_have_labels_in_percent() -> None:
    study = optuna.create_study(direction="maximize")
    study.set_metric_names(["total_return"])
    for number in range(5):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        study.tell(trial, 0.01 * number)
    figure = with_metric_axes(parallel_coordinate(study), trading=True)
    labels = [label.text for label in figure.layout.annotations if label.x == 0]
    assert labels == ["0 %", "1 %", "2 %", "3 %", "4 %"]
    hovers = {line.customdata[0][1] for line in figure.data if line.customdata is not None}
    assert hovers == set(labels)
    own = with_metric_axes(parallel_coordinate(study), trading=False)
    assert [label.text for label in own.layout.annotations if label.x == 0] == ["0", "0.01", "0.02", "0.03", "0.04"]
