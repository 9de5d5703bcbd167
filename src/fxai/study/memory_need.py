"""Checks before a run whether the study's trainings fit into memory."""

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
    """Memory that a worker may use."""

    size: int  # in bytes
    owner: str  # subject and verb for the message, as "this machine has"


def check_memory(study: StudySpec, share: SlotPlan) -> tuple[str, ...]:
    """Notices about trainings that may not fit into memory.

    The memory of a training is a lower bound (`spec/checks/lane_memory.py`), so a study that fits is never refused.

    Raises:
        InputError: not even the smallest training of the study fits.
    """
    if not isinstance(study.training_config, TrainingConfig):
        return ()
    values, searched = config_values(study), [each for each in study.parameters if decides_memory(each.path)]
    least, most = _extreme(values, searched, least=True), _extreme(values, searched, least=False)
    lanes, room = _lanes_of_a_worker(study, share), _room(share.slots[0])
    many = "resources.lanes_per_worker"
    if lanes == study.lanes_per_trial:
        many = "seeds_per_trial" if study.folds == 1 else "seeds_per_trial times the folds of validation:"
    if study.resources.lanes_per_worker is None and lane_bytes(values) > room.size:  # its lanes are measured with it
        raise InputError(f"the study {study.study_name!r} cannot run: {_reason(values, 1, many, room)}")
    if lanes * lane_bytes(least) > room.size:
        raise InputError(f"the study {study.study_name!r} cannot run: {_reason(least, lanes, many, room)}")
    if (limit := _limit(study, share)) is not None and lanes * lane_bytes(least) > limit.size:
        return (f"Workers will be replaced after their trials: {_reason(least, lanes, many, limit)}",)
    if lanes * lane_bytes(most) > room.size:
        return (f"Some of the trials will not fit into memory: {_reason(most, lanes, many, room)}",)
    return tuple(_together(study, share, lanes * lane_bytes(least)))


def check_training(config: TrainingConfig, lanes: int, slot: Slot) -> None:
    """Check that `lanes` parallel trainings of a configuration fit into memory.

    Raises:
        InputError: they do not fit.
    """
    values, room = values_of(config), _room(slot)
    if lanes * lane_bytes(values) > room.size:
        raise InputError(f"the config cannot be trained: {_reason(values, lanes, '--seeds', room)}")


def memory_advice(study: StudySpec) -> tuple[str, ...]:
    """The notices for `fxai check`. An error is a notice here, since the study may run on another machine."""
    if not isinstance(study.training_config, TrainingConfig):
        return ()
    try:
        return check_memory(study, machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial))
    except InputError as error:
        return (str(error),)


def _lanes_of_a_worker(study: StudySpec, share: SlotPlan) -> int:
    """Number of trainings that a worker holds at once: of one trial, or of its share of the running trials."""
    asked, workers = study.resources.lanes_per_worker or 1, min(len(share.slots), study.n_trials)
    trials = -(-min(study.max_running_trials, study.n_trials) // workers)
    return max(study.lanes_per_trial, min(asked, trials * study.lanes_per_trial))


def _limit(study: StudySpec, share: SlotPlan) -> _Room | None:
    """The study's `memory_limit_gb`, which limits RAM. None for workers on a GPU."""
    limit = worker_limits(study).worker_bytes
    return None if limit is None or share.slots[0].device != "cpu" else _Room(limit, "memory_limit_gb lets it take")


def _room(slot: Slot) -> _Room:
    if slot.device != "cpu" and (memory := gpu_memory()) is not None:
        return _Room(memory, "a GPU of this machine has")
    return _Room(available_memory(), "this machine has")


def _extreme(values: Values, searched: Iterable[Parameter], *, least: bool) -> Values:
    """The configuration whose training needs the least or the most memory.

    The parameters are set one after the other, since the memory is monotonic in each.
    """
    for parameter in searched:
        options = [{**values, parameter.path: option} for option in _options(parameter, values)]
        values = (min if least else max)(options, key=lane_bytes)
    return values


def _options(parameter: Parameter, values: Values) -> Iterator[Choice]:
    """The bounds or choices of a parameter, and the configuration's value if the parameter is conditional."""
    if parameter.when and parameter.path in values:
        yield values[parameter.path]
    if isinstance(parameter, CategoricalParameter):
        yield from parameter.choices
    else:
        yield from (parameter.low, parameter.high)


def _reason(values: Values, lanes: int, many: str, room: _Room) -> str:
    """Describes the memory needed and available, and the fields that decide the largest part, with their values.

    `many` is the key that decides the number of lanes.
    """
    part = max(lane_parts(values), key=lambda each: each.size)
    keys = [f"{key} {_shown(values[key])}" for key in part.keys if values.get(key) is not None]
    if lanes > 1:
        keys.append(f"{many} {lanes:,}")
    need = format_gigabytes(lanes * lane_bytes(values))
    trainings = "one training" if lanes == 1 else f"{lanes} parallel trainings"
    return (
        f"a worker needs at least {need} of memory for {trainings}, and {room.owner} {format_gigabytes(room.size)}. "
        f"The largest part is for the {part.name}, from {', '.join(keys)}; lower one of them"
    )


def _together(study: StudySpec, share: SlotPlan, each: int) -> Sequence[str]:
    """A notice if all workers together need more RAM than the machine has."""
    workers, memory = min(len(share.slots), study.n_trials), available_memory()
    if share.slots[0].device != "cpu" or workers * each <= memory:
        return ()
    need = f"{workers} workers need at least {format_gigabytes(workers * each)} of memory together"
    return (f"{need}, and this machine has {format_gigabytes(memory)}; lower n_jobs",)


def _shown(value: Any) -> str:
    value = parse_choice(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"
