"""The error of a figure that a study does not have the data for. Its message is shown in place of the figure."""

import plotly.graph_objects as go


class AbsentFigureError(Exception):
    """The study does not have the data of the figure."""


def figure_with_reason(reason: str) -> go.Figure:
    """An empty figure with the reason why there is nothing to show."""
    figure = go.Figure().add_annotation(text=reason, showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
    return figure.update_xaxes(visible=False).update_yaxes(visible=False)
