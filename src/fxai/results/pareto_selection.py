"""Which trial of a Pareto front is taken as the best."""

from dataclasses import replace
from typing import TypeVar

from fxai.errors import InputError
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview
from fxai.spec.fields.suggestion import did_you_mean

KNEE = "knee"

Study = TypeVar("Study", bound=StudyRecord | StudyOverview)


def selected_trial(record: Study, pick: str) -> Study:
    """The study with its front's knee, or the front's best in one metric, as its best trial.

    An `InputError` for a study of one objective, and for a metric that is none of its objectives.
    """
    names = [goal.metric for goal in record.goals]
    if len(names) == 1:
        raise InputError(f"the study {record.name!r} has one objective, {record.metric}; there is nothing to pick")
    if pick == KNEE or not record.front:
        return record
    if pick not in names:
        known = (KNEE, *names)
        raise InputError(f"there is no objective {pick!r}{did_you_mean(pick, known) or '.'} Pick {', '.join(known)}")
    goal = record.goals[names.index(pick)]
    return replace(record, best=min(record.front, key=lambda trial: goal.loss(trial.values[pick])))
