"""Chooses the best trial of a Pareto front."""

from dataclasses import replace
from typing import TypeVar

from fxai.errors import InputError
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview
from fxai.spec.fields.suggestion import did_you_mean

KNEE = "knee"

Study = TypeVar("Study", bound=StudyRecord | StudyOverview)


def selected_trial(record: Study, pick: str) -> Study:
    """The study with another best trial.

    Args:
        record: A study with several objectives.
        pick: "knee", or an objective, in which the best trial of the front is chosen.

    Raises:
        InputError: The study has one objective, or `pick` is not an objective.
    """
    names = [goal.metric for goal in record.goals]
    if len(names) == 1:
        raise InputError(f"the study {record.name!r} has one objective, {record.metric}, so there is no choice")
    if pick == KNEE or not record.front:
        return record
    if pick not in names:
        known = (KNEE, *names)
        raise InputError(
            f"there is no objective {pick!r}{did_you_mean(pick, known) or '.'} Choose one of {', '.join(known)}"
        )
    goal = record.goals[names.index(pick)]
    return replace(record, best=min(record.front, key=lambda trial: goal.loss(trial.values[pick])))
