"""Sentences on the neighbourhood of a best trial, the same on the terminal and in the report."""

from fxai.evaluation.neighbourhood import Neighbourhood, Slope
from fxai.formatting import counted
from fxai.metric_text import difference_text, number_text


def neighbourhood_sentences(found: Neighbourhood | None, trial: int) -> tuple[str, ...]:
    """Whether the neighbours share the trial's value, and along which parameter the value gets worse fastest.

    Args:
        found: The neighbourhood; nothing is written without one.
        trial: Number of the trial.
    """
    if found is None:
        return ()
    if not found.scored:
        return (f"No configuration near trial {trial} has a value.",)
    return _share(found, trial), _steepest(found)


def _share(found: Neighbourhood, trial: int) -> str:
    scored, within = found.scored, found.within
    if within is None:
        return f"Configurations near trial {trial} cannot be compared with it, because its standard error is not known."
    value = number_text(found.metric, found.value, found.standard_error, trading=True)
    share = (
        f"{within} of {counted(scored, 'configuration')} near trial {trial} {'is' if within == 1 else 'are'} at most "
        f"one standard error worse than it on validation, where its {found.metric} is {value}."
    )
    if found.is_peak:
        lower = difference_text(found.metric, abs(found.difference or 0.0), trading=True)
        return f"Trial {trial} is a peak that its neighbours do not share: {share} Their mean is worse by {lower}."
    if found.is_peak is None:
        return f"{share} There are too few seeds to tell whether trial {trial} is a peak."
    if within < scored / 2:
        return f"{share} The error over seeds may explain the difference."
    return share


def _steepest(found: Neighbourhood) -> str:
    if (steepest := found.steepest) is None:
        return f"No parameter changes the {found.metric} by clearly more than the error over seeds."
    change = difference_text(found.metric, abs(steepest.change or 0.0), trading=True)
    moved = f"{steepest.parameter} {_worse_way(found, steepest)}"
    return f"The {found.metric} gets worse fastest when {moved}, by {change} for each tenth of its range."


def _worse_way(found: Neighbourhood, slope: Slope) -> str:
    return "falls" if ((slope.change or 0.0) > 0) == found.maximize else "rises"
