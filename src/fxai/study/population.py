"""The members of a population that train: which members wait to be compared, and which members are set aside.

Members are compared at the same step, so a member that has reached that step waits for the others. It keeps its lane if
the members behind it can train without that lane. If one of these needs the lane, or is on the same worker and may
have to wait for it, the member is set aside and later continues from its checkpoint. None of this changes a result.
Populations run one after another: at any time all unfinished trials of a study are of one population.
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
class PopulationDecision:
    """The answers to the waiting members, STOP for those that are set aside, and the exploits of a comparison."""

    answers: Mapping[int, Decision] = field(default_factory=dict)
    exploits: Mapping[int, Exploit] = field(default_factory=dict)
    compared: bool = False  # whether the members were compared; members without a worker then continue too


class Population:
    """The population that trains in one run; empty if the study has no populations."""

    def __init__(self, study: StudySpec, search: Search, trials_directory: Path) -> None:
        self._study = study
        self._search = search
        self._trials_directory = trials_directory
        self._ready: dict[int, Member] = {}
        self._step = 0  # step that the ready members have reached
        self._compared = 0  # step of the last comparison

    @property
    def ready_members(self) -> Collection[int]:
        """Members that have reached the step at which all are compared."""
        return self._ready.keys()

    def open_places(self, counted: int, *, alive: bool) -> int:
        """Number of further trials that may join.

        Args:
            counted: the study's trials so far.
            alive: whether some of them are unfinished.
        """
        left = self._study.n_trials - counted
        if self._study.search is None:
            return left
        size = self._study.search.population
        in_last = counted % size
        if alive and (self._compared or not in_last):
            return 0  # the population is complete or has been compared
        return min(size - in_last, left)

    def mark_begun(self, asked: AskedTrial) -> None:
        """Note when a member that is given to a worker was last compared; all unfinished members share that step."""
        self._compared = asked.compared

    def mark_ready(self, running: RunningTrial, report: Report) -> bool:
        """Note a member that has reached the step of the comparison.

        Returns:
            Whether the member has reached the step. Its report is then answered after the comparison.
        """
        rules, config = self._study.search, self._study.training_config
        if rules is None or not isinstance(config, TrainingConfig) or report.step <= self._compared:
            return False
        if not rules.is_ready(report.step, config.training):
            return False
        self._ready[running.number] = Member(running.number, report.value, running.request.params)
        self._step = report.step
        return True

    def ended(self, number: int) -> None:
        """Remove a trial that has reached its final state from its population."""
        self._ready.pop(number, None)
        self._paths(number).drop_inherited()

    def next_decision(
        self, running: Mapping[int, RunningTrial], waiting: Collection[int], open_places: int, *, ending: bool
    ) -> PopulationDecision:
        """Compare the members once all have reached the step, and answer the waiting ones.

        A member's new checkpoint is copied into its folder before the comparison is stored, and the donor continues
        after that. So if the run is killed, the next run finds both or decides the same again.

        Args:
            running: the trials that workers have.
            waiting: the unfinished trials that no worker has.
            open_places: how many trials may still join.
            ending: whether the run ends.
        """
        rules = self._study.search
        if rules is None or not self._ready:
            return PopulationDecision()
        on_lanes = {number for number in self._ready if number in running and running[number].waits}
        if ending:
            return PopulationDecision(_answers(on_lanes, Decision.STOP))
        behind = {*running, *waiting} - self._ready.keys()
        if behind or open_places:
            return PopulationDecision(_answers(_set_aside(on_lanes, running, behind, open_places), Decision.STOP))
        changes = exploits(self._study, rules, list(self._ready.values()), self._step)
        self._store(changes)
        self._ready, self._compared = {}, self._step
        set_aside = _answers(on_lanes & changes.keys(), Decision.STOP)
        continued = _answers(on_lanes - changes.keys(), Decision.CONTINUE)
        return PopulationDecision({**set_aside, **continued}, changes, compared=True)

    def inherited(self, asked: AskedTrial) -> Inherited | None:
        """The checkpoint of another member from which a member continues. None if it continues from its own."""
        exploit = asked.exploit
        if exploit is None:
            return None
        return Inherited(exploit.donor, exploit.step, self._paths(asked.number).inherited(exploit.step))

    def _store(self, changes: Mapping[int, Exploit]) -> None:
        for number, exploit in changes.items():
            donated = self._paths(exploit.donor).checkpoint
            if donated.exists():  # if it does not exist, the member fails with a message when it begins
                copy(donated, self._paths(number).inherited(exploit.step))
        self._search.compared(self._step, self._ready, changes)
        for number in changes:
            self._paths(number).drop_inherited(but=self._step)

    def _paths(self, number: int) -> TrialPaths:
        return TrialPaths.of(self._trials_directory, number)


def _set_aside(
    on_lanes: Collection[int], running: Mapping[int, RunningTrial], behind: Collection[int], open_places: int
) -> Collection[int]:
    """The members to set aside, since they wait on lanes that members behind them need."""
    workers = {running[number].worker if number in running else None for number in behind}
    if open_places or None in workers:
        return on_lanes  # a trial without a worker may need an empty worker (`cohort`)
    return [number for number in on_lanes if running[number].worker in workers]


def _answers(numbers: Collection[int], decision: Decision) -> dict[int, Decision]:
    return dict.fromkeys(sorted(numbers), decision)
