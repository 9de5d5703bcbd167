"""A study in the process that searches it: ask, report, tell, resume."""

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

from fxai.protocol import STANDARD_ERROR, ParamValue, Report, StudyIdentity, TrialResult, TrialState
from fxai.search import attributes
from fxai.search.asked_trial import AskedTrial, FinishedTrial
from fxai.search.confirmed import Confirmed, confirmed_of, winner_of
from fxai.search.counts import TrialCounts
from fxai.search.grid import same_point
from fxai.search.objective_history import ObjectiveHistory
from fxai.search.pbt_history import Exploit, latest_params, pbt_history_of
from fxai.search.pruners import build_pruner
from fxai.search.ranking import Ranking
from fxai.search.samplers import Samplers, is_exhaustive
from fxai.search.seeds import lane_seeds, trial_seed
from fxai.search.space import suggest
from fxai.search.storage import FLUSH_SECONDS, WriteBehindStorage
from fxai.search.stored_run import StoredRun
from fxai.search.study_bars import StudyBars
from fxai.search.study_views import LocalTrials, PrunedBySingleObjective
from fxai.search.told_result import checked_result, named_values, result_attributes, values_of
from fxai.search.warm_start import cma_es_source_trials
from fxai.spec.checks.feasibility import violations
from fxai.spec.search.configure import config_values
from fxai.spec.search.study import StudySpec

INFEASIBLE_IN_A_ROW = 200  # proposals after which the constraints count as unsatisfiable

_STATES = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAIL: OptunaState.FAIL,
}


class _ExhaustedError(Exception):
    """The sampler has proposed every point; aborts the transaction of the proposal."""


class Search:
    """A study that this process searches; created by `open_search`.

    It is used by one thread. Every method but `report` and `should_prune` commits its changes before it returns.
    Reports of running trials are written within about a second if `flush` is called regularly.
    """

    def __init__(self, spec: StudySpec, storage: WriteBehindStorage, study_id: int) -> None:
        self._spec = spec
        self._storage = storage
        self._study_id = study_id
        self._study = PrunedBySingleObjective(spec, storage, build_pruner(spec.pruner))
        trials = storage.get_all_trials(study_id, deepcopy=False)
        copies = [trial for trial in trials if attributes.is_copy(trial.user_attrs)]
        self._samplers = Samplers(spec.sampler, spec.parameters, spec.seed, cma_es_source_trials(copies))
        self._pruner_view = LocalTrials(self._study) if copies else self._study
        self._values = config_values(spec)
        self.most_step = storage.limits.most_step  # the greatest step of a report that the database holds
        self.exhausted: str | None = None
        self.archived_as: str | None = None  # name of the study that `--fresh` archived
        self._ranking = Ranking(spec.goals, spec.metric_name)
        self._objective_history = ObjectiveHistory(spec.goals)
        self._state_counts = dict.fromkeys(OptunaState, 0)
        self._infeasible = 0
        for trial in trials:
            self._count(trial)
        with storage.one_transaction():
            self.left_running = tuple(self._taken_up(trial) for trial in self._in_state(OptunaState.RUNNING))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def identity(self) -> StudyIdentity:
        """Identity of the study among studies of the same name in other databases."""
        return attributes.identity_of(self._storage.get_study_user_attrs(self._study_id))

    def study_names(self) -> tuple[str, ...]:
        """Names of the database's studies."""
        return tuple(self._storage.study_names())

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Commit all changes of the block at once, or none if it raises."""
        with self._storage.one_transaction():
            yield

    @property
    def asks_singly(self) -> bool:
        """Whether `ask` may not be called in `one_transaction`: it ends the transaction of a proposal at the end."""
        return is_exhaustive(self._spec.sampler)

    def ask(self) -> AskedTrial | None:
        """The next trial, stored with all its parameters; None if there is none, with the reason in `exhausted`.

        Proposals that violate a constraint are stored for the sampler and skipped.
        """
        endless = not is_exhaustive(self._spec.sampler)  # exhaustive samplers end by themselves
        for _ in range(INFEASIBLE_IN_A_ROW) if endless else count():
            if self.exhausted:
                return None
            try:
                with self._storage.one_transaction(), _without_warnings():
                    number, feasible = self._propose()
            except _ExhaustedError:
                self.exhausted = "every point of the search space was tried"
                return None
            if feasible:
                self._state_counts[OptunaState.RUNNING] += 1
                return replace(self._asked(self._trial(number)), stored_reports=None)
            self._count(self._trial(number))
        self.exhausted = f"{INFEASIBLE_IN_A_ROW} proposals in a row broke the study's constraints"
        return None

    def report(self, report: Report) -> None:
        """Store a report of a running trial."""
        self._storage.set_trial_intermediate_value(self._id(report.number), report.step, report.value)
        if (values := self._reported(report)) is not None:
            self._objective_history.add_report(report.number, report.step, values)

    def should_prune(self, report: Report) -> bool:
        """Whether a running trial is to be pruned at this report, its last.

        With several objectives the pruner uses the main objective. A trial that is bad in it may be good in the others,
        so a trial that reports all objectives is pruned only if three quarters of the completed trials dominate it at
        that step.
        """
        if not self._study.pruner.prune(self._pruner_view, self._trial(report.number)):
            return False
        reported = self._reported(report)
        return reported is None or self._objective_history.is_mostly_dominated(report.step, reported)

    def tell(self, result: TrialResult) -> TrialResult:
        """Finish a trial; returns the result as stored.

        A COMPLETE result with a missing, NaN or infinite value is stored as FAIL.
        """
        result = checked_result(result, self._spec)
        state = _STATES[result.state]
        trial_id = self._id(result.number)
        with self._storage.one_transaction(), _without_warnings():
            for name, value in result_attributes(result, self._storage.limits).items():
                self._storage.set_trial_user_attr(trial_id, name, value)
            history = self._objective_history.pop(result.number)
            if history and state is OptunaState.COMPLETE and self._storage.limits.holds_as_json(history):
                self._storage.set_trial_system_attr(trial_id, attributes.OBJECTIVE_HISTORY, history)
            self._tell(result.number, values_of(result, self._spec), state)
        self._state_counts[OptunaState.RUNNING] -= 1
        self._count(self._trial(result.number))
        return result

    def retry(self, number: int) -> AskedTrial:
        """Restart a running trial whose run was lost; its reports are removed."""
        return self._restart(number, attempt=self._attempt(self._trial(number)) + 1)

    def restart_returned(self, number: int) -> AskedTrial:
        """Restart a running trial that its worker returned; it continues from its checkpoint."""
        return self._restart(number, attempt=self._attempt(self._trial(number)))

    def suspend(self, number: int) -> AskedTrial:
        """Suspend a running trial of a population, without a worker. It is marked as returned until it continues."""
        return self._restart(number, attempt=self._attempt(self._trial(number)), returned=True)

    def compared(self, step: int, members: Iterable[int], exploits: Mapping[int, Exploit]) -> None:
        """Store the result of a comparison of a population's members, in one transaction."""
        with self._storage.one_transaction():
            for number in members:
                self._storage.set_trial_system_attr(self._id(number), attributes.COMPARED, step)
            for number, exploit in exploits.items():
                history = (*pbt_history_of(self._trial(number).user_attrs), exploit)
                self._storage.set_trial_user_attr(
                    self._id(number), attributes.PBT_HISTORY, [each.as_json() for each in history]
                )

    def mark_returned(self, number: int) -> None:
        """Leave a trial to the next run, without counting this run as a lost attempt."""
        self._store_returned(number, value=True)

    def mark_resumed(self, number: int) -> None:
        """Mark that a returned trial runs again; if this run is killed, the attempt counts as lost."""
        self._store_returned(number, value=False)

    def counts(self) -> TrialCounts:
        number, value = self._ranking.best or (None, None)
        return TrialCounts(
            complete=self._state_counts[OptunaState.COMPLETE],
            pruned=self._state_counts[OptunaState.PRUNED],
            failed=self._state_counts[OptunaState.FAIL],
            running=self._state_counts[OptunaState.RUNNING],
            infeasible=self._infeasible,
            best_trial=number,
            best_value=value,
            standard_error=None if number is None else self._trial(number).user_attrs.get(STANDARD_ERROR),
            front=self._ranking.front,
        )

    def finished(self) -> list[FinishedTrial]:
        """Counted finished trials in the order of their ends, with values of the main objective."""
        first = [goal.metric for goal in self._spec.goals].index(self._spec.metric_name)
        trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
        own = [each for each in trials if each.state.is_finished() and not attributes.is_uncounted(each.user_attrs)]
        own.sort(key=lambda trial: trial.datetime_complete or datetime.max)  # noqa: DTZ901 -- as Optuna's records
        return [
            FinishedTrial(
                trial.number,
                trial.values[first] if trial.state is OptunaState.COMPLETE else None,
                max(trial.intermediate_values, default=0),
                attributes.usage_of(trial.user_attrs).env_steps,
            )
            for trial in own
        ]

    def mark_ended(self, rule: str | None, reason: str = "") -> None:
        """Store the stop rule that ended the study; None if the study continues or ended otherwise."""
        mark = None if rule is None else {"rule": rule, "reason": reason}
        if self._storage.get_study_user_attrs(self._study_id).get(attributes.ENDED_BY) != mark:
            self._storage.set_study_user_attr(self._study_id, attributes.ENDED_BY, mark)

    def mark_run(self, run: StoredRun) -> None:
        """Store the study's last run."""
        self._storage.set_study_user_attr(self._study_id, attributes.RUN, run.as_json())

    def mark_bars(self, bars: StudyBars) -> None:
        """Store which bars the study uses, without the names of features if they do not fit a column."""
        if not self._storage.limits.holds_as_json(bars.as_json()):
            bars = replace(bars, features=(), columns=())
        self._storage.set_study_user_attr(self._study_id, attributes.BARS, bars.as_json())

    def use_brackets_of(self, name: str) -> None:
        """Use the Hyperband brackets of the study of that name."""
        self._study.pruner = self._pruner_view.pruner = build_pruner(self._spec.pruner, bracket_study=name)

    def best_numbers(self, count: int) -> tuple[int, ...]:
        """The best COMPLETE trials in order; with several objectives the whole front."""
        return self._ranking.best_numbers(count)

    @property
    def winner(self) -> int | None:
        """The trial that a confirmation chose, else the best one; None before the first COMPLETE trial."""
        confirmed = winner_of(confirmed_of(self._storage.get_study_user_attrs(self._study_id)))
        best = self._ranking.best
        return confirmed if confirmed is not None or best is None else best[0]

    def params_of(self, number: int) -> Mapping[str, ParamValue]:
        """Parameters of a trial."""
        return latest_params(self._trial(number))

    def value_of(self, number: int) -> float | None:
        """Value of a trial; None unless it is COMPLETE. The study has one objective."""
        trial = self._trial(number)
        return trial.value if trial.state is OptunaState.COMPLETE else None

    def can_train_again(self, number: int) -> bool:
        """Whether a trial has ended and has not failed, so that it can be trained on other seeds."""
        trial = self._trial(number)
        ended = trial.state in {OptunaState.COMPLETE, OptunaState.PRUNED}
        return ended and not attributes.is_uncounted(trial.user_attrs)

    def mark_confirmed(self, confirmed: Confirmed | None) -> None:
        """Store the result of a confirmation; None: the study has none, or has new trials."""
        stored = None if confirmed is None else confirmed.as_json()
        if self._storage.get_study_user_attrs(self._study_id).get(attributes.CONFIRMED) != stored:
            self._storage.set_study_user_attr(self._study_id, attributes.CONFIRMED, stored)

    def best_params(self) -> Mapping[str, ParamValue] | None:
        """Parameters of the best trial; None before the first COMPLETE trial."""
        best = self._ranking.best
        return None if best is None else latest_params(self._trial(best[0]))

    def flush(self) -> None:
        """Write reports that have waited for a second. Cheap if there is nothing to write."""
        self._storage.flush(older_than=FLUSH_SECONDS)

    def close(self) -> None:
        """Write all pending changes and close the database."""
        self._storage.close()

    def _propose(self) -> tuple[int, bool]:
        """Create a trial with all its parameters. Returns its number and whether it is feasible."""
        self._study.sampler = self._samplers.for_trial(self._next_number())
        trial = self._study.ask()
        params = suggest(trial, self._spec.parameters, self._values)
        self._store_rounded(trial.number, params)
        proposed = attributes.ENQUEUED not in trial.user_attrs
        if proposed and is_exhaustive(self._spec.sampler) and self._repeats(trial.number, params):
            raise _ExhaustedError
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

    def _store_rounded(self, number: int, params: Mapping[str, ParamValue]) -> None:
        """Store the trained values in place of the proposed ones: multiples of a step on a logarithmic scale."""
        trial = self._trial(number)
        for name, distribution in trial.distributions.items():
            if isinstance(distribution, FloatDistribution | IntDistribution) and trial.params[name] != params[name]:
                value = distribution.to_internal_repr(params[name])  # type: ignore[arg-type]  # the value is a number
                self._storage.set_trial_param(self._id(number), name, value, distribution)

    def _tell(self, number: int, values: Sequence[float] | None, state: OptunaState) -> None:
        if is_exhaustive(self._spec.sampler):
            # After a trial these samplers only stop `Study.optimize`, which is not used here.
            self._study.sampler = RandomSampler()
        self._study.tell(number, values, state=state)

    def _next_number(self) -> int:
        """Number of the trial that `ask` will return: the first waiting trial, else a new one."""
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
        """A trial that the last run left RUNNING; the attempt counts as lost unless the trial was returned."""
        returned = trial.system_attrs.get(attributes.RETURNED, False)
        stored = tuple(sorted(trial.intermediate_values.items()))
        asked = self._restart(trial.number, attempt=self._attempt(trial) + (0 if returned else 1))
        return replace(asked, returned=returned, stored_reports=stored)

    def _restart(self, number: int, *, attempt: int, returned: bool = False) -> AskedTrial:
        self._objective_history.pop(number)
        marks = {attributes.ATTEMPT: attempt, attributes.RETURNED: returned}
        # A member of a population does not repeat the reports from before an exploit.
        keep = self._spec.search is not None
        self._storage.restart_trial(self._id(number), drop=attributes.RUNGS, system_attrs=marks, keep_reports=keep)
        return replace(self._asked(self._trial(number)), returned=returned)

    def _asked(self, trial: FrozenTrial) -> AskedTrial:
        history = pbt_history_of(trial.user_attrs)
        return AskedTrial(
            number=trial.number,
            attempt=self._attempt(trial),
            params=latest_params(trial),
            seeds=lane_seeds(int(trial.user_attrs[attributes.SEED]), self._spec.lanes_per_trial),
            exploit=history[-1] if history else None,
            compared=int(trial.system_attrs.get(attributes.COMPARED, 0)),
        )

    def _store_returned(self, number: int, *, value: bool) -> None:
        self._storage.set_trial_system_attr(self._id(number), attributes.RETURNED, value)
        self._storage.flush()

    def _count(self, trial: FrozenTrial) -> None:
        if attributes.is_uncounted(trial.user_attrs):
            self._infeasible += attributes.INFEASIBLE in trial.user_attrs
            return
        self._state_counts[trial.state] += 1
        if trial.state is OptunaState.COMPLETE:
            self._ranking.add(trial.number, trial.values)
            self._objective_history.add(trial)

    def _reported(self, report: Report) -> list[float] | None:
        """Values of all objectives in a report; None with one objective, or if a value is missing or not finite."""
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
    """Suppress Optuna's warnings: of experimental features, and of settings that `check` reports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
