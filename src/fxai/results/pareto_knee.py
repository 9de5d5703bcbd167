"""The compromise of a Pareto front."""

from collections.abc import Sequence


def pareto_knee(losses: Sequence[Sequence[float]]) -> int:
    """The place of the knee among a front's members, of whose losses less is better; the first among equals.

    Each objective is scaled so that the front spans 0 to 1 in it. The knee is the member farthest from the
    hyperplane through the ends towards the ideal point (Das 1999, "On characterizing the knee of the Pareto curve"):
    with such a scale, the one with the least sum. ValueError for an empty front.
    """
    columns = list(zip(*losses, strict=True))
    scaled = [[_scaled(loss, column) for loss, column in zip(member, columns, strict=True)] for member in losses]
    return min(range(len(losses)), key=lambda place: sum(scaled[place]))


def _scaled(loss: float, column: Sequence[float]) -> float:
    least, most = min(column), max(column)
    return (loss - least) / (most - least) if most > least else 0.0
