"""Checks before a run whether the study's trainings fit into memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from fxai.errors import InputError
from fxai.pool import SlotPlan, available_memory, gpu_memory, machine_slots
from fxai.protocol import Slot
from fxai.spec.checks.lane_memory import decides_memory, format_gigabytes, lane_parts, lanes_bytes
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.config_fields import ALGORITHM_PATH
from fxai.spec.search.configure import config_values, values_by_algorithm, values_of
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.searched_algorithm import algorithm_parameter, suits_algorithm
from fxai.spec.search.study import StudySpec
from fxai.study.trial_limits import worker_limits

Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Room:
    """Memory that a worker may use."""

    size: int  # in bytes
    owner: str  # subject and verb for the message, as "this machine has"


@dataclass(frozen=True, slots=True)
class _Load:
    """The trainings that a worker runs side by side."""

    lanes: int
    many: str  # the key that decides the number of lanes
    on_cpu: bool

    def need(self, values: Values) -> int:
        """The least memory in bytes."""
        return lanes_bytes(values, self.lanes, on_cpu=self.on_cpu)


def check_memory(study: StudySpec, share: SlotPlan) -> tuple[str, ...]:
    """Notices about trainings that may not fit into memory.

    The memory of a training is a lower bound (`spec/checks/lane_memory.py`), so a study that fits is never refused.

    Raises:
        InputError: not even the smallest training of the study fits.
    """
    if not isinstance(study.training_config, TrainingConfig):
        return ()
    load, room = _load_of_a_worker(study, share), _room(share.slots[0])
    values, one = config_values(study), replace(load, lanes=1)
    least, most = _extreme(study, load, least=True), _extreme(study, load, least=False)
    if study.resources.lanes_per_worker is None and one.need(values) > room.size:  # its lanes are measured with it
        raise InputError(f"the study {study.study_name!r} cannot run: {_reason(values, one, room)}")
    if load.need(least) > room.size:
        raise InputError(f"the study {study.study_name!r} cannot run: {_reason(least, load, room)}")
    if (limit := _limit(study, share)) is not None and load.need(least) > limit.size:
        return (f"Workers will be replaced after their trials: {_reason(least, load, limit)}",)
    if load.need(most) > room.size:
        return (f"Some of the trials will not fit into memory: {_reason(most, load, room)}",)
    return tuple(_together(study, share, load.need(least)))


def check_training(config: TrainingConfig, lanes: int, slot: Slot) -> None:
    """Check that `lanes` parallel trainings of a configuration fit into memory.

    Raises:
        InputError: they do not fit.
    """
    values, room, load = values_of(config), _room(slot), _Load(lanes, "--seeds", on_cpu=slot.device == "cpu")
    if load.need(values) > room.size:
        raise InputError(f"the config cannot be trained: {_reason(values, load, room)}")


def memory_advice(study: StudySpec) -> tuple[str, ...]:
    """The notices for `fxai check`. An error is a notice here, since the study may run on another machine."""
    if not isinstance(study.training_config, TrainingConfig):
        return ()
    try:
        return check_memory(study, machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial))
    except InputError as error:
        return (str(error),)


def _load_of_a_worker(study: StudySpec, share: SlotPlan) -> _Load:
    """The trainings that a worker holds at once: of one trial, or of its share of the running trials."""
    asked, workers = study.resources.lanes_per_worker or 1, min(len(share.slots), study.n_trials)
    trials = -(-min(study.max_running_trials, study.n_trials) // workers)
    lanes = max(study.lanes_per_trial, min(asked, trials * study.lanes_per_trial))
    many = "resources.lanes_per_worker"
    if lanes == study.lanes_per_trial:
        many = "seeds_per_trial" if study.folds == 1 else "seeds_per_trial times the folds of validation:"
    return _Load(lanes, many, on_cpu=share.slots[0].device == "cpu")


def _limit(study: StudySpec, share: SlotPlan) -> _Room | None:
    """The study's `memory_limit_gb`, which limits RAM. None for workers on a GPU."""
    limit = worker_limits(study).worker_bytes
    return None if limit is None or share.slots[0].device != "cpu" else _Room(limit, "memory_limit_gb lets it take")


def _room(slot: Slot) -> _Room:
    if slot.device != "cpu" and (memory := gpu_memory()) is not None:
        return _Room(memory, "a GPU of this machine has")
    return _Room(available_memory(), "this machine has")


def _extreme(study: StudySpec, load: _Load, *, least: bool) -> Values:
    """The configuration whose trainings need the least or the most memory, over all algorithms of the search.

    The parameters are set one after the other, since the memory is monotonic in each.
    """
    choose, chooser = min if least else max, algorithm_parameter(study.parameters)
    searched = [each for each in study.parameters if decides_memory(each.path)]
    found = []
    for values in values_by_algorithm(study):
        for parameter in searched:
            if chooser is None or suits_algorithm(parameter, chooser, values[ALGORITHM_PATH]):
                options = [{**values, parameter.path: option} for option in _options(parameter, values)]
                values = choose(options, key=load.need)  # noqa: PLW2901
        found.append(values)
    return choose(found, key=load.need)


def _options(parameter: Parameter, values: Values) -> Iterator[Choice]:
    """The bounds or choices of a parameter, and the configuration's value if the parameter is conditional."""
    if parameter.when and parameter.path in values:
        yield values[parameter.path]
    if isinstance(parameter, CategoricalParameter):
        yield from parameter.choices
    else:
        yield from (parameter.low, parameter.high)


def _reason(values: Values, load: _Load, room: _Room) -> str:
    """Describes the memory needed and available, and the fields that decide the largest part, with their values."""
    lanes = load.lanes
    part = max(lane_parts(values, on_cpu=load.on_cpu), key=lambda each: each.of_lanes(lanes))
    keys = [f"{key} {_shown(values[key])}" for key in part.keys if values.get(key) is not None]
    if lanes > 1 and not part.once:
        keys.append(f"{load.many} {lanes:,}")
    trainings = "one training" if lanes == 1 else f"{lanes} parallel trainings"
    return (
        f"a worker needs at least {format_gigabytes(load.need(values))} of memory for {trainings}, and {room.owner} "
        f"{format_gigabytes(room.size)}. The largest part is for the {part.name}, from {', '.join(keys)}; lower one of "
        "them"
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
