"""Overview of a study: counts, best trial and leading trials. It reads few trials, also of a large study."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fxai.results.record import EndedBy, TransferOrigin, TrialRecord
from fxai.results.top_trials import TopTrials
from fxai.search.confirmed import Confirmed, confirmed_of, winner_of
from fxai.search.metric_goals import first_goal, goals_of
from fxai.search.stored_study import Candidate, StoredStudy
from fxai.search.stored_trial import StoredState
from fxai.search.study_traits import UNKNOWN_STUDY, StudyTraits
from fxai.spec.search.metric_goals import Goal

LEADERS = 5


@dataclass(frozen=True, slots=True)
class StudyOverview:
    """Overview of a study. Fields with a name of `StudyRecord` have the same meaning."""

    name: str
    direction: str
    metric: str
    goals: Sequence[Goal]
    counts: Mapping[StoredState, int]  # trials that count
    infeasible: int
    first: TrialRecord | None  # trial 0
    best: TrialRecord | None
    front: Sequence[TrialRecord]
    leaders: Sequence[TrialRecord]  # the first few of `StudyRecord.ranked`; with several objectives the front
    ended_by: EndedBy | None
    transfer_origin: TransferOrigin | None
    traits: StudyTraits = UNKNOWN_STUDY
    confirmed: Confirmed | None = None

    @classmethod
    def of(cls, study: StoredStudy) -> "StudyOverview":
        """Read a study."""
        goals, first = goals_of(study), first_goal(study)
        candidates = study.candidates()
        confirmed = confirmed_of(study.user_attrs)
        top_trials = TopTrials.of(candidates, goals, first, winner_of(confirmed))
        leaders = top_trials.front or top_trials.ranked[:LEADERS]
        wanted = {0, *leaders} if top_trials.best is None else {0, top_trials.best, *leaders}
        records = {trial.number: TrialRecord.of(trial, goals, first) for trial in study.trials(wanted)}
        return cls(
            name=study.study_name,
            direction=goals[first].direction,
            metric=goals[first].metric,
            goals=goals,
            counts=_counts(candidates),
            infeasible=sum(each.infeasible for each in candidates),
            first=records.get(0),
            best=None if top_trials.best is None else records[top_trials.best],
            front=tuple(records[number] for number in top_trials.front),
            leaders=tuple(records[number] for number in leaders),
            ended_by=EndedBy.of(study.user_attrs),
            transfer_origin=TransferOrigin.of(study.user_attrs),
            traits=StudyTraits.of(study),
            confirmed=confirmed,
        )

    @property
    def trading(self) -> bool:
        return self.traits.trading

    def count(self, state: StoredState) -> int:
        return self.counts.get(state, 0)


def _counts(candidates: Sequence[Candidate]) -> Mapping[StoredState, int]:
    return Counter(each.state for each in candidates if not each.uncounted)
