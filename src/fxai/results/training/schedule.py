"""The schedule of an agent of a population: its parameters along the lineage of its weights."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from fxai.protocol import ParamValue
from fxai.results.record import TrialRecord
from fxai.spec.fields.per_lane_fields import varies_by_lane
from fxai.spec.fields.record import Record
from fxai.spec.search.config_fields import config_fields
from fxai.spec.search.configure import trial_config, value_at
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec


class Segment(Record):
    """Consecutive updates with the same parameters and the same seed."""

    from_step: int  # number of earlier updates
    trial: int  # number of the trial that trained them
    seed: int
    params: dict[str, Choice]  # by path in training_config: all parameters that may change during a training


def schedule_of(spec: StudySpec, trials: Sequence[TrialRecord], number: int) -> tuple[Segment, ...]:
    """The schedule of a trial's weights; empty if its parameters never changed.

    Before a copy of another trial's weights, the schedule is that of the other trial.
    """
    segments = ancestry(trials, number)
    if len(segments) == 1:
        return ()
    return tuple(_segment(spec, trials[ancestor], step, params) for step, ancestor, params in segments)


Part: TypeAlias = tuple[int, int, Mapping[str, ParamValue]]  # first step, number of the trial, parameters


def ancestry(trials: Sequence[TrialRecord], number: int, until: int | None = None) -> list[Part]:
    """The parts of a training along the lineage of a trial's weights, from the first step up to `until`."""
    trial = trials[number]
    exploits = [each for each in trial.exploits if until is None or each.step < until]
    if not exploits:
        return [(0, number, trial.exploits[0].before if trial.exploits else trial.params)]
    last = exploits[-1]
    return [*ancestry(trials, last.donor, last.step), (last.step, number, last.params)]


def _segment(spec: StudySpec, trial: TrialRecord, step: int, params: Mapping[str, ParamValue]) -> Segment:
    if trial.seed is None:
        raise ValueError(f"trial {trial.number} has no seed: it has not started")
    config = trial_config(spec, params)
    known = config_fields(config.training.algorithm)  # if the algorithm is searched, others have further parameters
    paths = dict.fromkeys(each.path for each in spec.parameters if varies_by_lane(each.path) and each.path in known)
    values: dict[str, Any] = config.model_dump(mode="json")
    return Segment(
        from_step=step,
        trial=trial.number,
        seed=trial.seed,
        params={path: value_at(values, path) for path in paths},
    )
