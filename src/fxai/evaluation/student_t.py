"""Student's t distribution, by SciPy's special functions.

They load at the first call: that takes a tenth of the start of a run, which needs them after its first trials.
"""


def t_quantile(freedom: float, probability: float) -> float:
    """The value that is not exceeded with this probability, at these degrees of freedom."""
    from scipy.special import stdtrit  # noqa: PLC0415 - scipy.stats takes three times as long to import

    return float(stdtrit(freedom, probability))


def t_probability(freedom: float, value: float) -> float:
    """The probability of at most this value."""
    from scipy.special import stdtr  # noqa: PLC0415

    return float(stdtr(freedom, value))
