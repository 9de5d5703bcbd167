"""Whether a study's trainings fit into memory, before a worker dies of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fxai.errors import InputError
from fxai.pool import SlotPlan, available_memory, gpu_memory, machine_slots
from fxai.protocol import Slot
from fxai.spec.checks.lane_memory import decides_memory, format_gigabytes, lane_bytes, lane_parts
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import config_values, values_of
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.study import StudySpec
from fxai.study.trial_limits import worker_limits

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Room:
    """What a worker may take of memory."""

    size: int  # in bytes
    owner: str  # "this machine has"


def check_memory(study: StudySpec, share: SlotPlan) -> tuple[str, ...]:
    """What to say of trainings that may not fit; an `InputError` where not even the smallest of the study does.

    It goes by the least that trainings take (`spec/checks/lane_memory.py`), so that what fits is never refused.
    """
    if not isinstance(study.training_config, TrainingConfig):
        return ()
    values, searched = config_values(study), [each for each in study.parameters if decides_memory(each.path)]
    least, most = _extreme(values, searched, least=True), _extreme(values, searched, least=False)
    lanes, room = _lanes_of_a_worker(study, share), _room(share.slots[0])
    many = "seeds_per_trial" if lanes == study.seeds_per_trial else "resources.lanes_per_worker"
    if study.resources.lanes_per_worker is None and lane_bytes(values) > room.size:  # on it the lanes are measured
        raise InputError(f"the study {study.study_name!r} cannot run: {_reason(values, 1, many, room)}")
    if lanes * lane_bytes(least) > room.size:
        raise InputError(f"the study {study.study_name!r} cannot run: {_reason(least, lanes, many, room)}")
    if (limit := _limit(study, share)) is not None and lanes * lane_bytes(least) > limit.size:
        return (f"Workers will be replaced after their trials: {_reason(least, lanes, many, limit)}",)
    if lanes * lane_bytes(most) > room.size:
        return (f"Some of the trials will not fit into memory: {_reason(most, lanes, many, room)}",)
    return tuple(_together(study, share, lanes * lane_bytes(least)))


def check_training(config: TrainingConfig, lanes: int, slot: Slot) -> None:
    """An `InputError` where so many trainings of a configuration, side by side, do not fit into memory."""
    values, room = values_of(config), _room(slot)
    if lanes * lane_bytes(values) > room.size:
        raise InputError(f"the config cannot be trained: {_reason(values, lanes, '--seeds', room)}")


def memory_advice(study: StudySpec) -> tuple[str, ...]:
    """The same for `fxai check`, which refuses nothing: the study may run on another machine."""
    if not isinstance(study.training_config, TrainingConfig):
        return ()
    try:
        return check_memory(study, machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial))
    except InputError as error:
        return (str(error),)


def _lanes_of_a_worker(study: StudySpec, share: SlotPlan) -> int:
    """Trainings that some worker holds at once: those of one trial, or of its part of the trials in flight."""
    asked, workers = study.resources.lanes_per_worker or 1, min(len(share.slots), study.n_trials)
    trials = -(-min(study.max_running_trials, study.n_trials) // workers)
    return max(study.seeds_per_trial, min(asked, trials * study.seeds_per_trial))


def _limit(study: StudySpec, share: SlotPlan) -> _Room | None:
    """The study's own, which is of RAM."""
    limit = worker_limits(study).worker_bytes
    return None if limit is None or share.slots[0].device != "cpu" else _Room(limit, "memory_limit_gb lets it take")


def _room(slot: Slot) -> _Room:
    if slot.device != "cpu" and (memory := gpu_memory()) is not None:
        return _Room(memory, "a GPU of this machine has")
    return _Room(available_memory(), "this machine has")


def _extreme(values: Values, searched: Iterable[Parameter], *, least: bool) -> Values:
    """The configuration whose training takes least or most; parameter by parameter, since memory rises with each."""
    for parameter in searched:
        options = [{**values, parameter.path: option} for option in _options(parameter, values)]
        values = (min if least else max)(options, key=lane_bytes)
    return values


def _options(parameter: Parameter, values: Values) -> Iterator[Choice]:
    """Its ends or choices; where it may not exist, the configuration's value too."""
    if parameter.when:
        yield values[parameter.path]
    if isinstance(parameter, CategoricalParameter):
        yield from parameter.choices
    else:
        yield from (parameter.low, parameter.high)


def _reason(values: Values, lanes: int, many: str, room: _Room) -> str:
    """Need, room, and the fields that decide the greatest part, with their values; `many` decides the lanes."""
    part = max(lane_parts(values), key=lambda each: each.size)
    keys = [f"{key} {_shown(values[key])}" for key in part.keys if values[key] is not None]
    if lanes > 1:
        keys.append(f"{many} {lanes:,}")
    need = format_gigabytes(lanes * lane_bytes(values))
    trainings = "one training" if lanes == 1 else f"{lanes} trainings side by side"
    return (
        f"a worker needs at least {need} of memory for {trainings}, and {room.owner} {format_gigabytes(room.size)}. "
        f"The most is for the {part.name}, by {', '.join(keys)}; lower one of them"
    )


def _together(study: StudySpec, share: SlotPlan, each: int) -> Sequence[str]:
    """Of workers that share the RAM."""
    workers, memory = min(len(share.slots), study.n_trials), available_memory()
    if share.slots[0].device != "cpu" or workers * each <= memory:
        return ()
    need = f"{workers} workers need at least {format_gigabytes(workers * each)} of memory together"
    return (f"{need}, and this machine has {format_gigabytes(memory)}; lower n_jobs",)


def _shown(value: Any) -> str:
    value = parse_choice(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"
