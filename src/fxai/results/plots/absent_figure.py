"""Why a study cannot be drawn so yet, for people."""


class AbsentFigureError(Exception):
    """The study does not have what the figure shows."""
