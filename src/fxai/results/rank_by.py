"""Ranks trials by another metric than the one that their study optimises."""

from fxai.errors import InputError
from fxai.metric_text import metric_names
from fxai.results.record import StudyRecord, TrialRecord
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.metric_goals import Goal
from fxai.spec.search.metrics import LOSSES, metric_in

DIRECTIONS = ("maximize", "minimize")


def goal_named(record: StudyRecord, text: str) -> Goal:
    """Parse a metric with an optional direction: `sharpe`, `loss:minimize`.

    The default direction is maximize, or minimize for FxAI's losses such as a drawdown.

    Raises:
        InputError: No trial of the study has the metric.
    """
    name, colon, direction = text.rpartition(":") if text.endswith(DIRECTIONS) else (text, "", "")
    known = dict.fromkeys(metric for trial in record.trials if trial.value is not None for metric in trial.metrics)
    name = metric_in(known, name)
    if name not in known:
        metrics = ", ".join(metric_names(known)) or "none"
        raise InputError(
            f"no trial of {record.name!r} has a metric {name!r}{did_you_mean(name, known) or '.'} Metrics: {metrics}"
        )
    if not colon:
        direction = "minimize" if name in LOSSES else "maximize"
    return Goal.model_validate({"metric": name, "direction": direction})


def ranked_by(record: StudyRecord, goal: Goal) -> list[TrialRecord]:
    """The study's completed trials with the metric, the best first, the earlier first among equals."""
    own = [trial for trial in record.trials if trial.value is not None and not trial.uncounted]
    having = [trial for trial in own if goal.metric in trial.metrics]
    return sorted(having, key=lambda trial: (goal.loss(trial.metrics[goal.metric]), trial.number))
