"""One study being searched: ask, report, tell, and how it is taken up again."""

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Self

from optuna.distributions import FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState
from pydantic import JsonValue

from fxai.protocol import STANDARD_ERROR, Cause, ParamValue, Report, StudyIdentity, TrialError, TrialResult, TrialState
from fxai.search import attributes
from fxai.search.asked_trial import AskedTrial, FinishedTrial
from fxai.search.column_limits import ColumnLimits
from fxai.search.counts import TrialCounts
from fxai.search.grid import same_point
from fxai.search.objective_history import ObjectiveHistory
from fxai.search.pbt_history import Exploit, latest_params, pbt_history_of
from fxai.search.pruners import build_pruner
from fxai.search.ranking import Ranking
from fxai.search.samplers import Samplers, tries_every_point
from fxai.search.seeds import lane_seeds, trial_seed
from fxai.search.space import suggest
from fxai.search.storage import FLUSH_SECONDS, WriteBehindStorage
from fxai.search.study_views import LocalTrials, PrunedBySingleObjective
from fxai.search.warm_start import solutions
from fxai.spec.checks.feasibility import violations
from fxai.spec.search.configure import config_values
from fxai.spec.search.study import StudySpec

INFEASIBLE_IN_A_ROW = 200  # proposals, after which the space is taken to hold no point that keeps the constraints

_STATES = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAIL: OptunaState.FAIL,
}


class _NothingLeftError(Exception):
    """The sampler has proposed every point; ends the transaction in which it was asked."""


class Search:
    """A study that this process searches; `open_search` makes it.

    One thread uses it. When anything but `report` and `should_prune` returns, what it did is committed; the
    reports of a running trial follow within about a second, if `flush` is called now and then.
    """

    def __init__(self, spec: StudySpec, storage: WriteBehindStorage, study_id: int) -> None:
        self._spec = spec
        self._storage = storage
        self._study_id = study_id
        self._study = PrunedBySingleObjective(spec, storage, build_pruner(spec.pruner))
        trials = storage.get_all_trials(study_id, deepcopy=False)
        copies = [trial for trial in trials if attributes.is_copy(trial.user_attrs)]
        self._samplers = Samplers(spec.sampler, spec.parameters, spec.seed, solutions(copies))
        self._seen_by_pruner = LocalTrials(self._study) if copies else self._study
        self._values = config_values(spec)
        self.most_step = storage.limits.most_step  # the greatest step of a report that the database holds
        self.exhausted: str | None = None
        self.archived_as: str | None = None  # the name by which `--fresh` keeps the study that was there
        self._ranking = Ranking(spec.goals, spec.metric_name)
        self._courses = ObjectiveHistory(spec.goals)
        self._tally = dict.fromkeys(OptunaState, 0)
        self._infeasible = 0
        for trial in trials:
            self._count(trial)
        self.left_running = tuple(self._taken_up(trial) for trial in self._in_state(OptunaState.RUNNING))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def identity(self) -> StudyIdentity:
        """Which study this is, among those of its name in other databases."""
        return attributes.identity_of(self._storage.get_study_user_attrs(self._study_id))

    def study_names(self) -> tuple[str, ...]:
        """The studies of the database."""
        return tuple(self._storage.study_names())

    def ask(self) -> AskedTrial | None:
        """The next trial, written with all its parameters; None, and `exhausted` says why, where there is none.

        Proposals that break a constraint are recorded for the sampler to learn from, and passed over.
        """
        endless = not tries_every_point(self._spec.sampler)  # the others come to the end of their points
        for _ in range(INFEASIBLE_IN_A_ROW) if endless else count():
            if self.exhausted:
                return None
            try:
                with self._storage.one_transaction(), _without_warnings():
                    number, feasible = self._propose()
            except _NothingLeftError:
                self.exhausted = "every point of the search space was tried"
                return None
            if feasible:
                self._tally[OptunaState.RUNNING] += 1
                return replace(self._asked(self._trial(number)), stored_reports=None)
            self._count(self._trial(number))
        self.exhausted = f"{INFEASIBLE_IN_A_ROW} proposals in a row broke the study's constraints"
        return None

    def report(self, report: Report) -> None:
        """Keep an evaluation of a running trial."""
        self._storage.set_trial_intermediate_value(self._id(report.number), report.step, report.value)
        if (values := self._reported(report)) is not None:
            self._courses.note(report.number, report.step, values)

    def should_prune(self, report: Report) -> bool:
        """Whether a running trial shall end at this report, its last.

        Of several objectives the pruner sees one. A trial that is bad in it may be good in the others, so where it
        reports them it is spared unless three quarters of the completed trials were better in all of them at that step.
        """
        if not self._study.pruner.prune(self._seen_by_pruner, self._trial(report.number)):
            return False
        reported = self._reported(report)
        return reported is None or self._courses.mostly_beaten(report.step, reported)

    def tell(self, result: TrialResult) -> TrialResult:
        """Finish a trial; returns the result as it stands in the study.

        A COMPLETE one of whose values one is missing, NaN or infinite is recorded as FAIL.
        """
        result = _checked(result, self._spec)
        state = _STATES[result.state]
        trial_id = self._id(result.number)
        with self._storage.one_transaction(), _without_warnings():
            for name, value in _told_attrs(result, self._storage.limits).items():
                self._storage.set_trial_user_attr(trial_id, name, value)
            course = self._courses.close(result.number)
            if course and state is OptunaState.COMPLETE and self._storage.limits.holds_as_json(course):
                self._storage.set_trial_system_attr(trial_id, attributes.COURSE, course)
            self._tell(result.number, values_of(result, self._spec), state)
        self._tally[OptunaState.RUNNING] -= 1
        self._count(self._trial(result.number))
        return result

    def retry(self, number: int) -> AskedTrial:
        """A running trial whose run was lost, back at its beginning: its reports are gone."""
        return self._restart(number, attempt=self._attempt(self._trial(number)) + 1)

    def begin_again(self, number: int) -> AskedTrial:
        """A running trial that its worker gave back, at its beginning, where its checkpoint is taken up."""
        return self._restart(number, attempt=self._attempt(self._trial(number)))

    def set_aside(self, number: int) -> AskedTrial:
        """A running trial that waits without a worker, as its population last left it; put back until it goes on."""
        return self._restart(number, attempt=self._attempt(self._trial(number)), put_back=True)

    def compared(self, step: int, members: Iterable[int], exploits: Mapping[int, Exploit]) -> None:
        """Keep what a comparison of a population's members came to, in one transaction."""
        with self._storage.one_transaction():
            for number in members:
                self._storage.set_trial_system_attr(self._id(number), attributes.COMPARED, step)
            for number, exploit in exploits.items():
                lineage = (*pbt_history_of(self._trial(number).user_attrs), exploit)
                self._storage.set_trial_user_attr(
                    self._id(number), attributes.LINEAGE, [each.as_json() for each in lineage]
                )

    def put_back(self, number: int) -> None:
        """Leave a trial for the next run, which takes it up without counting this one against it."""
        self._mark_put_back(number, value=True)

    def take_up(self, number: int) -> None:
        """Have a trial that was put back: if this run dies now, it dies with it."""
        self._mark_put_back(number, value=False)

    def counts(self) -> TrialCounts:
        number, value = self._ranking.best or (None, None)
        return TrialCounts(
            complete=self._tally[OptunaState.COMPLETE],
            pruned=self._tally[OptunaState.PRUNED],
            failed=self._tally[OptunaState.FAIL],
            running=self._tally[OptunaState.RUNNING],
            infeasible=self._infeasible,
            best_trial=number,
            best_value=value,
            standard_error=None if number is None else self._trial(number).user_attrs.get(STANDARD_ERROR),
            front=self._ranking.front,
        )

    def finished(self) -> list[FinishedTrial]:
        """The trials that have finished and count, in the order in which they did; values of the first objective."""
        first = [goal.metric for goal in self._spec.goals].index(self._spec.metric_name)
        trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
        own = [each for each in trials if each.state.is_finished() and not attributes.is_uncounted(each.user_attrs)]
        own.sort(key=lambda trial: trial.datetime_complete or datetime.max)  # noqa: DTZ901 -- as Optuna's records
        return [
            FinishedTrial(
                trial.values[first] if trial.state is OptunaState.COMPLETE else None,
                attributes.usage_of(trial.user_attrs).env_steps,
            )
            for trial in own
        ]

    def mark_ended(self, rule: str | None, reason: str = "") -> None:
        """Remember which stop rule ended the study; None: it goes on, or ended otherwise."""
        mark = None if rule is None else {"rule": rule, "reason": reason}
        if self._storage.get_study_user_attrs(self._study_id).get(attributes.ENDED_BY) != mark:
            self._storage.set_study_user_attr(self._study_id, attributes.ENDED_BY, mark)

    def draw_as(self, name: str) -> None:
        """Draw as the study of that name: Hyperband takes a trial's bracket from its study's name."""
        self._study.pruner = self._seen_by_pruner.pruner = build_pruner(self._spec.pruner, draws_as=name)

    def best_numbers(self, count: int) -> tuple[int, ...]:
        """The best COMPLETE trials, the best first; of several objectives the whole front."""
        return self._ranking.best_numbers(count)

    def best_params(self) -> Mapping[str, ParamValue] | None:
        """The parameters of the best trial; None before the first COMPLETE one."""
        best = self._ranking.best
        return None if best is None else latest_params(self._trial(best[0]))

    def flush(self) -> None:
        """Write the reports that have waited for a second. Call it as often as you like."""
        self._storage.flush(older_than=FLUSH_SECONDS)

    def close(self) -> None:
        """Write everything and leave the database."""
        self._storage.close()

    def _propose(self) -> tuple[int, bool]:
        """A trial with all its parameters: its number, and whether it may be trained."""
        self._study.sampler = self._samplers.for_trial(self._next_number())
        trial = self._study.ask()
        params = suggest(trial, self._spec.parameters, self._values)
        self._keep_rounded(trial.number, params)
        proposed = attributes.ENQUEUED not in trial.user_attrs
        if proposed and tries_every_point(self._spec.sampler) and self._repeats(trial.number, params):
            raise _NothingLeftError
        amounts = violations(self._spec, params)
        for constraint, amount in amounts.items():
            trial.set_constraint(constraint, amount)
        broken = [constraint for constraint, amount in amounts.items() if amount > 0]
        if broken:
            trial.set_user_attr(attributes.INFEASIBLE, broken)
            self._tell(trial.number, None, OptunaState.PRUNED)
        else:
            trial.set_user_attr(attributes.SEED, trial_seed(self._spec.seed, trial.number))
        return trial.number, not broken

    def _keep_rounded(self, number: int, params: Mapping[str, ParamValue]) -> None:
        """Store what is trained in place of what the sampler proposed: multiples of a step on a logarithmic scale."""
        trial = self._trial(number)
        for name, distribution in trial.distributions.items():
            if isinstance(distribution, FloatDistribution | IntDistribution) and trial.params[name] != params[name]:
                value = distribution.to_internal_repr(params[name])  # type: ignore[arg-type]  # it is a number
                self._storage.set_trial_param(self._id(number), name, value, distribution)

    def _tell(self, number: int, values: Sequence[float] | None, state: OptunaState) -> None:
        if tries_every_point(self._spec.sampler):
            # All that these samplers do after a trial is to end `Study.optimize`, which does not run.
            self._study.sampler = RandomSampler()
        self._study.tell(number, values, state=state)

    def _next_number(self) -> int:
        """Of the trial that `ask` will find: the first that waits, or else a new one."""
        waiting = self._in_state(OptunaState.WAITING)
        return waiting[0].number if waiting else self._storage.get_n_trials(self._study_id)

    def _repeats(self, number: int, params: Mapping[str, ParamValue]) -> bool:
        """Whether the point was tried before."""
        return any(
            same_point(trial.params, params)
            for trial in self._storage.get_all_trials(self._study_id, deepcopy=False)
            if trial.number != number
            and trial.state is not OptunaState.WAITING
            and not attributes.is_copy(trial.user_attrs)
        )

    def _taken_up(self, trial: FrozenTrial) -> AskedTrial:
        """A trial that the last run left RUNNING; the attempt counts unless it was put back."""
        put_back = trial.system_attrs.get(attributes.PUT_BACK, False)
        stored = tuple(sorted(trial.intermediate_values.items()))
        asked = self._restart(trial.number, attempt=self._attempt(trial) + (0 if put_back else 1))
        return replace(asked, put_back=put_back, stored_reports=stored)

    def _restart(self, number: int, *, attempt: int, put_back: bool = False) -> AskedTrial:
        self._courses.close(number)
        marks = {attributes.ATTEMPT: attempt, attributes.PUT_BACK: put_back}
        # A member of a population does not repeat what it reported before it went on from another's weights.
        keep = self._spec.search is not None
        self._storage.restart_trial(self._id(number), drop=attributes.RUNGS, system_attrs=marks, keep_reports=keep)
        return replace(self._asked(self._trial(number)), put_back=put_back)

    def _asked(self, trial: FrozenTrial) -> AskedTrial:
        lineage = pbt_history_of(trial.user_attrs)
        return AskedTrial(
            number=trial.number,
            attempt=self._attempt(trial),
            params=latest_params(trial),
            seeds=lane_seeds(int(trial.user_attrs[attributes.SEED]), self._spec.seeds_per_trial),
            exploit=lineage[-1] if lineage else None,
            compared=int(trial.system_attrs.get(attributes.COMPARED, 0)),
        )

    def _mark_put_back(self, number: int, *, value: bool) -> None:
        self._storage.set_trial_system_attr(self._id(number), attributes.PUT_BACK, value)
        self._storage.flush()

    def _count(self, trial: FrozenTrial) -> None:
        if attributes.is_uncounted(trial.user_attrs):
            self._infeasible += attributes.INFEASIBLE in trial.user_attrs
            return
        self._tally[trial.state] += 1
        if trial.state is OptunaState.COMPLETE:
            self._ranking.add(trial.number, trial.values)
            self._courses.add(trial)

    def _reported(self, report: Report) -> list[float] | None:
        """A report's values of all of several objectives; None where there is one, or some are no numbers."""
        if len(self._spec.goals) == 1:
            return None
        values = named_values({**report.metrics, self._spec.metric_name: report.value}, self._spec)
        return values if values is not None and all(map(math.isfinite, values)) else None

    def _attempt(self, trial: FrozenTrial) -> int:
        return int(trial.system_attrs.get(attributes.ATTEMPT, 0))

    def _id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)

    def _trial(self, number: int) -> FrozenTrial:
        return self._storage.get_trial(self._id(number))

    def _in_state(self, state: OptunaState) -> list[FrozenTrial]:
        return self._storage.get_all_trials(self._study_id, deepcopy=False, states=(state,))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Of Optuna, which names its own sources: of what is experimental, and of what `check` says of a spec."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def values_of(result: TrialResult, spec: StudySpec) -> list[float] | None:
    """A COMPLETE trial's value for each objective; None for any other trial, and where it lacks one."""
    if result.state is not TrialState.COMPLETE or result.value is None:
        return None
    return named_values({**result.metrics, spec.metric_name: result.value}, spec)


def named_values(told: Mapping[str, float], spec: StudySpec) -> list[float] | None:
    """A value for each objective, of those told by their names; None where one is missing."""
    values = [told[goal.metric] for goal in spec.goals if goal.metric in told]
    return values if len(values) == len(spec.goals) else None


def _checked(result: TrialResult, spec: StudySpec) -> TrialResult:
    """The result, or a failure where it says COMPLETE without a finite value for each objective."""
    values = values_of(result, spec)
    if result.state is not TrialState.COMPLETE or (values is not None and all(map(math.isfinite, values))):
        return result
    if values is None and result.value is not None:
        missing = [goal.metric for goal in spec.goals if goal.metric not in (*result.metrics, spec.metric_name)]
        error = TrialError(Cause.EXCEPTION, f"the trial ended without {', '.join(missing)}, which the study optimises")
    else:
        told = result.value if values is None or len(values) == 1 else values
        error = TrialError(Cause.NOT_FINITE, f"the trial ended with the value {told}, which is not a finite number")
    return replace(result, state=TrialState.FAIL, value=None, error=error)


def _told_attrs(result: TrialResult, limits: ColumnLimits) -> dict[str, JsonValue]:
    """What a result says beyond its state and value, as user attributes of its trial."""
    attrs: dict[str, JsonValue] = {
        attributes.SECONDS: result.seconds,
        **({attributes.DERIVED: dict(result.derived)} if result.derived else {}),
        **attributes.usage_attrs(result.usage),
        **result.metrics,
    }
    if result.error is not None:
        attrs[attributes.CAUSE] = result.error.cause.value
        attrs[attributes.MESSAGE] = result.error.message
        if result.error.traceback:
            attrs[attributes.TRACEBACK] = limits.end_of(result.error.traceback)
    return attrs
