"""The members of a population that train: which members wait to be compared, and which members are in the way.

Members are compared at the same step, so a member that has arrived there waits for the others. It waits on its lane
if the members behind it train without it. If one of these needs its place, or is on the same worker and might be held
up, the member is set aside and later continues from its checkpoint. None of this changes a result. Populations follow
one another: at any time the unfinished trials of a study are of one population.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fxai.atomic_write import copy
from fxai.pool import RunningTrial
from fxai.protocol import Decision, Inherited, Report, TrialPaths
from fxai.search.asked_trial import AskedTrial
from fxai.search.pbt_history import Exploit
from fxai.search.population import Member, exploits
from fxai.search.study import Search
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.study import StudySpec


@dataclass(frozen=True, slots=True)
class Move:
    """The next step of members that wait: answers to their reports, STOP for those that are set aside."""

    answers: Mapping[int, Decision] = field(default_factory=dict)
    exploits: Mapping[int, Exploit] = field(default_factory=dict)
    compared: bool = False  # members that are with no worker go on too


class Population:
    """The population that trains in one run; empty if the study has no populations."""

    def __init__(self, study: StudySpec, search: Search, trials_directory: Path) -> None:
        self._study = study
        self._search = search
        self._trials_directory = trials_directory
        self._arrived: dict[int, Member] = {}
        self._step = 0  # at which those have arrived
        self._compared = 0  # the last such step

    @property
    def arrived(self) -> Collection[int]:
        """Members that have arrived at the step at which all are compared."""
        return self._arrived.keys()

    def unasked(self, counted: int, *, alive: bool) -> int:
        """How many further trials may join, where so many of the study's trials exist, unfinished ones if `alive`."""
        left = self._study.n_trials - counted
        if self._study.search is None:
            return left
        size = self._study.search.population
        in_last = counted % size
        if alive and (self._compared or not in_last):
            return 0  # it is complete, or too far on for anyone to join
        return min(size - in_last, left)

    def begins(self, asked: AskedTrial) -> None:
        """A member is given to a worker. All unfinished members were last compared at the same step."""
        self._compared = asked.compared

    def arrives(self, running: RunningTrial, report: Report) -> bool:
        """Whether a member has arrived where all are compared, so that its report is not answered yet."""
        rules, config = self._study.search, self._study.training_config
        if rules is None or not isinstance(config, TrainingConfig) or report.step <= self._compared:
            return False
        if not rules.is_ready(report.step, config.training):
            return False
        self._arrived[running.number] = Member(running.number, report.value, running.request.params)
        self._step = report.step
        return True

    def ended(self, number: int) -> None:
        """A trial has reached its final state and leaves its population."""
        self._arrived.pop(number, None)
        self._paths(number).drop_inherited()

    def next_move(
        self, running: Mapping[int, RunningTrial], waiting: Collection[int], unasked: int, *, ending: bool
    ) -> Move:
        """The next step of the members that wait.

        Once all members have arrived they are compared. A member's new checkpoint is copied into its folder before
        the comparison is stored, and the donor continues after that. So if the run is killed, the next run finds
        both or decides the same again.

        Args:
            running: the trials that workers have.
            waiting: the unfinished trials that no worker has.
            unasked: how many trials may still join.
            ending: whether the run ends.
        """
        rules = self._study.search
        if rules is None or not self._arrived:
            return Move()
        on_lanes = {number for number in self._arrived if number in running and running[number].waits}
        if ending:
            return Move(_answers(on_lanes, Decision.STOP))
        behind = {*running, *waiting} - self._arrived.keys()
        if behind or unasked:
            return Move(_answers(_in_the_way(on_lanes, running, behind, unasked), Decision.STOP))
        changes = exploits(self._study, rules, list(self._arrived.values()), self._step)
        self._store(changes)
        self._arrived, self._compared = {}, self._step
        set_aside = _answers(on_lanes & changes.keys(), Decision.STOP)
        continued = _answers(on_lanes - changes.keys(), Decision.CONTINUE)
        return Move({**set_aside, **continued}, changes, compared=True)

    def inherited(self, asked: AskedTrial) -> Inherited | None:
        """What a member's worker is to go on from."""
        exploit = asked.exploit
        if exploit is None:
            return None
        return Inherited(exploit.donor, exploit.step, self._paths(asked.number).inherited(exploit.step))

    def _store(self, changes: Mapping[int, Exploit]) -> None:
        for number, exploit in changes.items():
            donated = self._paths(exploit.donor).checkpoint
            if donated.exists():  # where it does not, the member says so when it begins
                copy(donated, self._paths(number).inherited(exploit.step))
        self._search.compared(self._step, self._arrived, changes)
        for number in changes:
            self._paths(number).drop_inherited(but=self._step)

    def _paths(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._trials_directory, number)


def _in_the_way(
    on_lanes: Collection[int], running: Mapping[int, RunningTrial], behind: Collection[int], unasked: int
) -> Collection[int]:
    """Members that wait on lanes which members behind them need."""
    workers = {running[number].worker if number in running else None for number in behind}
    if unasked or None in workers:
        return on_lanes  # all of them: a trial without a worker may need an empty worker (`cohort`)
    return [number for number in on_lanes if running[number].worker in workers]


def _answers(numbers: Collection[int], decision: Decision) -> dict[int, Decision]:
    return dict.fromkeys(sorted(numbers), decision)
