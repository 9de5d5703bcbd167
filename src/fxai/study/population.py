"""The members of a population under way: who waits to be compared, who is in whose way.

Members are compared at the same step, so that one which has come there waits for the others. It waits on its
lane, if those behind it train without it; where one of them needs its place, or is on the same worker and might
be held up by it, it is set aside and later goes on from its checkpoint. None of this changes a number.
Populations follow one another: at any time the unfinished trials of a study are of one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fxai.atomic_write import copy
from fxai.protocol import Decision, Inherited, Report, TrialPaths
from fxai.search.asked_trial import AskedTrial
from fxai.search.pbt_history import Exploit
from fxai.search.population import Member, exploits
from fxai.search.study import Search
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.study import StudySpec


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of members that wait: answers to reports, STOP for those that are set aside."""

    answers: Mapping[int, Decision] = field(default_factory=dict)
    exploits: Mapping[int, Exploit] = field(default_factory=dict)
    compared: bool = False  # members that are with no worker go on too


class Population:
    """What one run knows of the population that trains; nothing where a study has none."""

    def __init__(self, study: StudySpec, search: Search, trials_directory: Path) -> None:
        self._study = study
        self._search = search
        self._trials_directory = trials_directory
        self._arrived: dict[int, Member] = {}
        self._step = 0  # at which those have arrived
        self._compared = 0  # the last such step
        self._workers: dict[int, int] = {}  # of members that a worker has begun
        self._unanswered: set[int] = set()  # members that wait on their workers
        self._stopped: set[int] = set()  # members on their way back from their workers

    @property
    def arrived(self) -> Collection[int]:
        """Members that have come to the step at which all are compared."""
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

    def goes_on(self, asked: AskedTrial) -> None:
        """A member is given to a worker; all that are unfinished were last compared at the same step."""
        self._compared = asked.compared

    def began(self, number: int, worker: int) -> None:
        self._workers[number] = worker

    def waits(self, asked: AskedTrial, report: Report) -> bool:
        """Whether a member has come to where all are compared, so that its report is not answered yet."""
        rules, config = self._study.search, self._study.training_config
        if rules is None or not isinstance(config, TrainingConfig) or report.step <= asked.compared:
            return False
        if not rules.is_ready(report.step, config.training):
            return False
        self._arrived[asked.number] = Member(asked.number, report.value, asked.params)
        self._step = report.step
        self._unanswered.add(asked.number)
        return True

    def left_worker(self, number: int) -> bool:
        """A member is with no worker any more; whether it was set aside."""
        set_aside = number in self._stopped
        self._workers.pop(number, None)
        self._stopped.discard(number)
        self._unanswered.discard(number)
        return set_aside

    def ended(self, number: int) -> None:
        """A trial reached its final state; its population is without it."""
        self.left_worker(number)
        self._arrived.pop(number, None)
        self._paths(number).drop_inherited()

    def next_move(self, unfinished: Collection[int], unasked: int, *, ending: bool) -> Move:
        """What becomes of those that wait, among all that are unfinished or may still join.

        Once all have arrived they are compared. What a member is to go on from lies in its folder before that
        is stored, and the donor goes on after it: whenever the run dies, the next one finds both or decides
        the same again.
        """
        rules = self._study.search
        if rules is None or not self._arrived:
            return Move()
        if ending:
            return Move(self._set_aside(self._unanswered))
        behind = set(unfinished) - self._arrived.keys()
        if behind or unasked:
            return Move(self._set_aside(self._in_the_way(behind, unasked)))
        changes = exploits(self._study, rules, list(self._arrived.values()), self._step)
        self._store(changes)
        self._arrived, self._compared = {}, self._step
        answers = self._set_aside(self._unanswered & changes.keys())
        going_on = dict.fromkeys(sorted(self._unanswered), Decision.CONTINUE)
        self._unanswered.clear()
        return Move({**answers, **going_on}, changes, compared=True)

    def inherited(self, asked: AskedTrial) -> Inherited | None:
        """What a member's worker is to go on from."""
        exploit = asked.exploit
        if exploit is None:
            return None
        return Inherited(exploit.donor, exploit.step, self._paths(asked.number).inherited(exploit.step))

    def _in_the_way(self, behind: Collection[int], unasked: int) -> Collection[int]:
        """Members that wait on a worker where others, who are behind, need their places."""
        if unasked or any(number not in self._workers for number in behind):
            return self._unanswered  # all: one without a worker may need one that is empty (`cohort`)
        busy = {self._workers[number] for number in behind}
        return [number for number in self._unanswered if self._workers[number] in busy]

    def _set_aside(self, numbers: Collection[int]) -> dict[int, Decision]:
        answers = dict.fromkeys(sorted(numbers), Decision.STOP)
        self._stopped |= answers.keys()
        self._unanswered -= answers.keys()
        return answers

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
