"""The error of a figure that a study does not have the data for. Its message is shown in place of the figure."""


class AbsentFigureError(Exception):
    """The study does not have the data of the figure."""
