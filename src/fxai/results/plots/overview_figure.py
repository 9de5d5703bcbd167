"""One figure of a study: its history, its importances, and the two most important parameters."""

import plotly.graph_objects as go
from optuna import Study
from plotly.subplots import make_subplots

from fxai.results.analysis import StudyAnalysis
from fxai.results.plots.absent_figure import AbsentFigureError
from fxai.results.plots.figures import optimization_history
from fxai.results.plots.parameter_figures import importance_bars, metric_vs_parameter
from fxai.results.report.scales import scales_of

_HEIGHT = 900


def overview(study: Study) -> go.Figure:
    """The four plots. A plot without data shows the reason."""
    analysis = StudyAnalysis.of(study)
    names = [each.name for each in analysis.importances] or list(scales_of(study))
    titles = ["History", "Importance", *names[:2]]
    figure = make_subplots(2, 2, subplot_titles=titles, horizontal_spacing=0.16, vertical_spacing=0.12)
    figure.add_traces(optimization_history(study).data, rows=1, cols=1)
    try:
        figure.add_traces(importance_bars(analysis).data, rows=1, cols=2)
    except AbsentFigureError as absent:
        figure.add_annotation(text=str(absent), showarrow=False, row=1, col=2)
    for column, name in enumerate(names[:2], start=1):
        drawn = metric_vs_parameter(study, name)
        figure.add_traces(drawn.data, rows=2, cols=column)
        figure.update_xaxes(scales_of(study)[name].axis(), row=2, col=column)
        figure.update_yaxes(title=analysis.metric, row=2, col=column)
    figure.update_xaxes(title="trial", row=1, col=1)
    figure.update_yaxes(title=analysis.metric, row=1, col=1)
    return figure.update_layout(height=_HEIGHT, showlegend=False)
