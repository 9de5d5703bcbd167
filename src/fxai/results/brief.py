"""A study without its trials, but for those that lead: all that a look at it needs, whatever its size."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fxai.results.leading import Leading
from fxai.results.record import EndedBy, TakenOver, TrialRecord, is_trading
from fxai.search.goals import first_goal, goals_of
from fxai.search.stored_study import Candidate, StoredStudy
from fxai.search.stored_trial import StoredState
from fxai.spec.goals import Goal

LEADERS = 5


@dataclass(frozen=True, slots=True)
class StudyBrief:
    """A study in few words; what `StudyRecord` calls by the same name is the same."""

    name: str
    direction: str
    metric: str
    goals: Sequence[Goal]
    counts: Mapping[StoredState, int]  # trials that count
    infeasible: int
    first: TrialRecord | None  # trial 0
    best: TrialRecord | None
    front: Sequence[TrialRecord]
    leaders: Sequence[TrialRecord]  # the first few of `StudyRecord.ranked`; of several objectives the front
    ended_by: EndedBy | None
    taken_over: TakenOver | None
    trading: bool = False  # whether FxAI measured its metrics

    @classmethod
    def of(cls, study: StoredStudy) -> "StudyBrief":
        """Read a study."""
        goals, first = goals_of(study), first_goal(study)
        candidates = study.candidates()
        leading = Leading.of(candidates, goals, first)
        leaders = leading.front or leading.ranked[:LEADERS]
        wanted = {0, *leaders} if leading.best is None else {0, leading.best, *leaders}
        records = {trial.number: TrialRecord.of(trial, goals, first) for trial in study.trials(wanted)}
        return cls(
            name=study.study_name,
            direction=goals[first].direction,
            metric=goals[first].metric,
            goals=goals,
            counts=_counts(candidates),
            infeasible=sum(each.infeasible for each in candidates),
            first=records.get(0),
            best=None if leading.best is None else records[leading.best],
            front=tuple(records[number] for number in leading.front),
            leaders=tuple(records[number] for number in leaders),
            ended_by=EndedBy.of(study.user_attrs),
            taken_over=TakenOver.of(study.user_attrs),
            trading=is_trading(study.user_attrs),
        )

    def count(self, state: StoredState) -> int:
        return self.counts.get(state, 0)


def _counts(candidates: Sequence[Candidate]) -> Mapping[StoredState, int]:
    return Counter(each.state for each in candidates if not each.uncounted)
