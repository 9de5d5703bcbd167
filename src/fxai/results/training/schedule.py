"""The schedule that an agent of a population was trained by, seen along the lineage of its weights."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from fxai.protocol import ParamValue
from fxai.results.record import TrialRecord
from fxai.spec.fields.record import Record
from fxai.spec.fields.varying_fields import may_change
from fxai.spec.search.configure import trial_config, value_at
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec


class Segment(Record):
    """Updates in a row that were trained under the same parameters and drew by the same seed."""

    from_step: int  # updates that came before
    trial: int  # whose training they were
    seed: int
    params: dict[str, Choice]  # by their paths in training_config: all that such a study may change


def schedule_of(spec: StudySpec, trials: Sequence[TrialRecord], number: int) -> tuple[Segment, ...]:
    """How the weights of a trial came to be; empty where its parameters never changed.

    Before it went on from another's weights, the schedule is that trial's up to there.
    """
    segments = ancestry(trials, number)
    if len(segments) == 1:
        return ()
    return tuple(_segment(spec, trials[whose], step, params) for step, whose, params in segments)


Part: TypeAlias = tuple[int, int, Mapping[str, ParamValue]]  # from which step, whose, under which parameters


def ancestry(trials: Sequence[TrialRecord], number: int, until: int | None = None) -> list[Part]:
    """The parts of a trial's training along the lineage of its weights, from the first step up to `until`."""
    trial = trials[number]
    exploits = [each for each in trial.lineage if until is None or each.step < until]
    if not exploits:
        return [(0, number, trial.lineage[0].before if trial.lineage else trial.params)]
    last = exploits[-1]
    return [*ancestry(trials, last.donor, last.step), (last.step, number, last.params)]


def _segment(spec: StudySpec, trial: TrialRecord, step: int, params: Mapping[str, ParamValue]) -> Segment:
    if trial.seed is None:
        raise ValueError(f"trial {trial.number} has no seed: it was never begun")
    config: dict[str, Any] = trial_config(spec, params).model_dump(mode="json")
    paths = dict.fromkeys(each.path for each in spec.parameters if may_change(each.path))
    return Segment(
        from_step=step,
        trial=trial.number,
        seed=trial.seed,
        params={path: value_at(config, path) for path in paths},
    )
