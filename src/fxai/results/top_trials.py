"""Best trial, Pareto front and ranking of a study, from a few fields of each trial."""

from collections.abc import Sequence
from dataclasses import dataclass

from fxai.search import attributes
from fxai.search.ranking import Ranking
from fxai.search.stored_study import Candidate
from fxai.search.stored_trial import StoredState, TrialLike, state_of
from fxai.spec.search.metric_goals import Goal


@dataclass(frozen=True, slots=True)
class TopTrials:
    """Numbers of the best trials."""

    best: int | None  # the trial that a confirmation chose, else the best completed trial that meets all constraints
    front: Sequence[int]  # the Pareto front in the order of the first objective; empty with one objective
    ranked: Sequence[int]  # completed trials, the best first, the earlier first among equals; or the front

    @classmethod
    def of(
        cls, candidates: Sequence[Candidate], goals: Sequence[Goal], first: int, winner: int | None = None
    ) -> "TopTrials":
        """Rank the candidates.

        Args:
            candidates: All trials.
            goals: The objectives.
            first: Index of the first objective.
            winner: The trial that a confirmation on fresh seeds chose; None without a confirmation.
        """
        complete = [each for each in candidates if each.state is StoredState.COMPLETE and not each.uncounted]
        feasible = [each for each in complete if each.keeps_bounds]
        if len(goals) > 1:
            front = _front_of(feasible, goals, first)
            best = front[pareto_knee([_losses(each, goals) for each in front])].number if front else None
            numbers = [each.number for each in front]
            return cls(best, numbers, numbers or _in_order(complete, goals, first))
        best = winner if any(each.number == winner and not each.uncounted for each in candidates) else None
        if best is None:
            best = next(iter(_in_order(feasible, goals, first)), None)
        return cls(best, (), _in_order(complete, goals, first))


def candidate(trial: TrialLike) -> Candidate:
    """The candidate of a trial in memory."""
    return Candidate(
        number=trial.number,
        state=state_of(trial),
        values=trial.values,
        infeasible=attributes.INFEASIBLE in trial.user_attrs,
        copied=attributes.TRANSFERRED in trial.user_attrs,
        keeps_bounds=attributes.keeps_bounds(trial.system_attrs),
    )


def _in_order(candidates: Sequence[Candidate], goals: Sequence[Goal], first: int) -> list[int]:
    return [each.number for each in sorted(candidates, key=lambda one: (_losses(one, goals)[first], one.number))]


def _front_of(candidates: Sequence[Candidate], goals: Sequence[Goal], first: int) -> list[Candidate]:
    ranking = Ranking(goals, goals[first].metric)
    known = {each.number: each for each in candidates}
    for each in candidates:
        ranking.add(each.number, each.values or ())
    return [known[number] for number in ranking.front or ()]


def _losses(candidate: Candidate, goals: Sequence[Goal]) -> tuple[float, ...]:
    return tuple(goal.loss(value) for goal, value in zip(goals, candidate.values or (), strict=True))


def pareto_knee(losses: Sequence[Sequence[float]]) -> int:
    """The index of the knee, the first one among equals.

    Each objective is scaled so that the front spans 0 to 1. The knee is the member farthest from the hyperplane
    through the ends, towards the ideal point (Das 1999, "On characterizing the knee of the Pareto curve"). With this
    scale it is the member with the smallest sum.

    Args:
        losses: For each member of the front its loss in each objective; smaller is better.

    Raises:
        ValueError: The front is empty.
    """
    columns = list(zip(*losses, strict=True))
    scaled = [[_scaled(loss, column) for loss, column in zip(member, columns, strict=True)] for member in losses]
    return min(range(len(losses)), key=lambda place: sum(scaled[place]))


def _scaled(loss: float, column: Sequence[float]) -> float:
    least, most = min(column), max(column)
    return (loss - least) / (most - least) if most > least else 0.0
