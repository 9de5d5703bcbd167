"""The plots of a study as HTML pages beside its result files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
from optuna import Study

from fxai.atomic_write import write_text
from fxai.metric_text import number_text
from fxai.results.importances.ranked import PRUNED_RANK
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
    """One plot: its file's name, what its page says, and who draws it from at most how many trials."""

    name: str
    title: str
    reading: str
    draw: Callable[[Study], go.Figure]
    most_trials: int = 1000
    least_width: int = 0  # pixels that the plot needs


PLOTS = (
    Plot(
        "optimization_history",
        "Optimization history",
        "Each point is a completed trial, the line the best value so far. A line that is flat for long means that "
        "the search has settled; one that still climbs means that more trials may pay. A cross is a pruned trial, at "
        "the last value that it reported.",
        figures.optimization_history,
        most_trials=20_000,
    ),
    Plot(
        "param_importances",
        "Parameter importances",
        "How much of the difference between good and other trials each parameter explains (PED-ANOVA). All add up to "
        f"1. Above 0.1 a parameter matters; below 0.05 it may be fixed to make the search space smaller. {PRUNED_RANK}",
        figures.param_importances,
    ),
    Plot(
        "parallel_coordinate",
        "Parallel coordinates",
        "Each line is a completed trial through all its parameters; the stronger the colour, the better. Where strong "
        "lines meet on an axis, good values of that parameter lie.",
        figures.parallel_coordinate,
        most_trials=500,
        least_width=1000,
    ),
    Plot(
        "slice_plot",
        "Slices",
        "The metric against each parameter alone. The stronger the colour of a point, the later the trial.",
        figures.slice_plot,
        least_width=1000,
    ),
    Plot(
        "contour_plot",
        "Contours",
        "The metric over pairs of the most important parameters, four at most; the stronger the colour, the better. "
        "Each point is a completed trial; what lies between points is interpolated.",
        figures.contour_plot,
        least_width=1000,
        most_trials=250,  # its grids grow with the square
    ),
    Plot(
        "intermediate_values",
        "Intermediate values",
        "What each trial reported while it trained, against its update number.",
        figures.intermediate_values,
        most_trials=300,
    ),
    Plot(
        "timeline",
        "Timeline",
        "When each trial ran and how it ended; bars beside each other ran at the same time. The last 500 trials.",
        figures.timeline,
        most_trials=20_000,
    ),
    Plot(
        "edf_plot",
        "Distribution of values",
        "For each value, the share of the completed trials at or below it: 0.5 is the median trial. A long flat "
        "stretch before the good end means that few parameters are good.",
        figures.edf_plot,
        most_trials=20_000,
    ),
)


def write_plots(study: Study, paths: StudyPaths, by: Goal | None = None) -> tuple[Path, ...]:
    """Write a page for every plot; where a study cannot be drawn so yet, its page says why.

    `by` is another metric of its trials than the one that it optimises; its pages lie in a folder of their own.
    """
    shown = first_objective_view(study) if by is None else metric_view(study, by)
    record = StudyRecord.of(study if by is None else shown)
    plots = PLOTS if len(record.goals) == 1 else (_pareto_front(record), *PLOTS)
    footer = _footer(record)
    siblings = tuple((plot.name, plot.title) for plot in plots)
    written = []
    for plot in plots:
        page = Page(plot.title, plot.reading, study.study_name, footer, siblings, plot.least_width)
        path = paths.plot(plot.name, None if by is None else by.metric)
        write_text(path, _html(plot, shown, record, page))
        written.append(path)
    return tuple(written)


def _pareto_front(record: StudyRecord) -> Plot:
    return Plot(
        "pareto_front",
        "Pareto front",
        "Each point is a completed trial. No other trial beats one of the front in all objectives; the star is its "
        f"knee, the compromise that is taken as best. The other plots are of {record.metric}, which pruned.",
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
    """The look of a figure that is shown without a page of FxAI; whoever shows it has the title.

    `trading` says whether FxAI measured the metrics that it shows.
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
