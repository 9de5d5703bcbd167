"""Which trials of a study lead, told from what little decides it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fxai.search import attributes
from fxai.search.ranking import Ranking
from fxai.search.stored_study import Candidate
from fxai.search.stored_trial import StoredState, TrialLike, state_of
from fxai.spec.search.metric_goals import Goal


@dataclass(frozen=True, slots=True)
class TopTrials:
    """Trials by their numbers."""

    best: int | None  # of the completed trials that keep all constraints
    front: Sequence[int]  # of several objectives those that no other beats in all, in the order of the first
    ranked: Sequence[int]  # completed ones, the best first, the earlier first among equals; of several the front

    @classmethod
    def of(cls, candidates: Sequence[Candidate], goals: Sequence[Goal], first: int) -> "TopTrials":
        """`first` is the place of the objective that goes before the others."""
        complete = [each for each in candidates if each.state is StoredState.COMPLETE and not each.uncounted]
        kept = [each for each in complete if each.keeps_bounds]
        if len(goals) > 1:
            front = _front_of(kept, goals, first)
            best = front[pareto_knee([_losses(each, goals) for each in front])].number if front else None
            numbers = [each.number for each in front]
            return cls(best, numbers, numbers or _in_order(complete, goals, first))
        return cls(next(iter(_in_order(kept, goals, first)), None), (), _in_order(complete, goals, first))


def candidate(trial: TrialLike) -> Candidate:
    """A trial that is read already, as one of those that may lead."""
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
