"""Writes the plots of a study as HTML pages into its results folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
from optuna import Study

from fxai.atomic_write import write_text
from fxai.metric_text import number_text
from fxai.results.importances.ranked import PRUNED_RANK
from fxai.results.page.plotly_script import linked_script
from fxai.results.paths import StudyPaths
from fxai.results.plots import figures
from fxai.results.plots.absent_figure import AbsentFigureError
from fxai.results.plots.metric_axes import with_metric_axes
from fxai.results.plots.pareto_figure import pareto_front
from fxai.results.plots.plot_colours import in_own_colours
from fxai.results.plots.plot_page import Page
from fxai.results.record import StudyRecord
from fxai.results.sampled_study import sampled
from fxai.results.summary import StudySummary
from fxai.search.study_views import first_objective_view, metric_view
from fxai.spec.search.metric_goals import Goal


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot: the name of its file, the texts of its page, and its drawing function."""

    name: str
    title: str
    reading: str
    draw: Callable[[Study], go.Figure]
    most_trials: int = 1000  # more trials are sampled
    least_width: int = 0  # pixels


PLOTS = (
    Plot(
        "optimization_history",
        "Optimization history",
        "Each point is a completed trial; the line is the best value so far. A line that is flat for long means that "
        "the search has converged. A line that still improves means that more trials may find better values. A cross "
        "is a pruned trial, at the last value that it reported.",
        figures.optimization_history,
        most_trials=20_000,
    ),
    Plot(
        "param_importances",
        "Parameter importances",
        "Each bar is the share of the difference between good and other trials that a parameter explains (PED-ANOVA). "
        "The shares add up to 1. A share alone does not show that a parameter matters: `fxai analysis` shows which "
        f"shares are more than chance. {PRUNED_RANK}",
        figures.param_importances,
    ),
    Plot(
        "parallel_coordinate",
        "Parallel coordinates",
        "Each line is a completed trial through all its parameters; a stronger colour is better. If the strong lines "
        "meet on an axis, the good values of the parameter are there.",
        figures.parallel_coordinate,
        most_trials=500,
        least_width=1000,
    ),
    Plot(
        "slice_plot",
        "Slices",
        "The metric by each single parameter. A stronger colour is a later trial.",
        figures.slice_plot,
        least_width=1000,
    ),
    Plot(
        "contour_plot",
        "Contours",
        "The metric over pairs of the parameters with the largest importances, at most four; a stronger colour is "
        "better. Each point is a completed trial. Values between the points are interpolated.",
        figures.contour_plot,
        least_width=1000,
        most_trials=250,  # the size of its grids grows with the square
    ),
    Plot(
        "intermediate_values",
        "Intermediate values",
        "The reports of each trial during its training, by update number.",
        figures.intermediate_values,
        most_trials=300,
    ),
    Plot(
        "timeline",
        "Timeline",
        "The start, the end and the state of the last 500 trials. Overlapping bars ran at the same time.",
        figures.timeline,
        most_trials=20_000,
    ),
    Plot(
        "edf_plot",
        "Distribution of values",
        "For each value, the share of the completed trials at or below it: 0.5 is the median trial. A long flat part "
        "before the good end means that few trials are good.",
        figures.edf_plot,
        most_trials=20_000,
    ),
)


def write_plots(study: Study, paths: StudyPaths, by: Goal | None = None) -> tuple[Path, ...]:
    """Write a page for every plot. The page of a plot without data has the reason.

    Args:
        study: The study.
        paths: Paths of its files.
        by: Another metric of the trials; its pages are in a folder of their own. None for the study's metric.

    Returns:
        The paths of the pages.
    """
    shown = first_objective_view(study) if by is None else metric_view(study, by)
    record = StudyRecord.of(study if by is None else shown)
    plots = PLOTS if len(record.goals) == 1 else (_pareto_front(record), *PLOTS)
    footer = _footer(record)
    siblings = tuple((plot.name, plot.title) for plot in plots)
    written = []
    for plot in plots:
        path = paths.plot(plot.name, None if by is None else by.metric)
        link = linked_script(paths.plotly_script, path)
        page = Page(plot.title, plot.reading, study.study_name, footer, siblings, link, plot.least_width)
        write_text(path, _html(plot, shown, record, page))
        written.append(path)
    return tuple(written)


def _pareto_front(record: StudyRecord) -> Plot:
    return Plot(
        "pareto_front",
        "Pareto front",
        "Each point is a completed trial. A trial is on the front if no other trial is better in all objectives. The "
        f"star is the knee, which counts as the best trial. The other plots show {record.metric}, which prunes.",
        lambda _: pareto_front(record),
    )


def _html(plot: Plot, study: Study, record: StudyRecord, page: Page) -> str:
    try:
        figure = plot.draw(sampled(study, plot.most_trials))
    except AbsentFigureError as absent:
        return page.without_figure(str(absent))
    return page.with_figure(with_metric_axes(figure, trading=record.trading))


def _footer(record: StudyRecord) -> str:
    summary = StudySummary.of(record)
    counts = f"{summary.completed} completed, {summary.pruned} pruned, {summary.failed} failed"
    best = ""
    if summary.best_value is not None:
        value = number_text(record.metric, summary.best_value, summary.standard_error, trading=record.trading)
        best = f" · best {value} by trial {summary.best_trial}"
    if record.front:
        best = f" · {len(record.front)} on the Pareto front, its knee trial {summary.best_trial}"
    goals = ", ".join(f"{goal.direction} {goal.metric}" for goal in record.goals)
    return f"{summary.study} · {goals} · {counts}{best}"


def dressed(figure: go.Figure, *, trading: bool) -> go.Figure:
    """The figure with fonts, margins and colours for a place outside FxAI's pages, such as a notebook.

    Args:
        figure: The figure; its title is removed.
        trading: Whether FxAI measured the metrics of the figure.
    """
    with_metric_axes(in_own_colours(figure), trading=trading)
    figure.update_layout(
        template="plotly_white",
        title=None,
        font={"family": "system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif", "size": 12, "color": "#1c2733"},
        margin={"l": 80, "r": 40, "t": 40, "b": 70},
        colorway=["#2a7ab9", "#12304a", "#e8a33d", "#4c9f6b", "#c8453b"],
    )
    figure.update_xaxes(automargin=True, exponentformat="e")
    figure.update_yaxes(automargin=True, exponentformat="e")
    return figure
