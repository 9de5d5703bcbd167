"""Cross-field checks: whether the parts of a study, each valid by itself, are consistent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from pydantic.fields import FieldInfo

from fxai.spec.checks.algorithm_checks import algorithm_problems
from fxai.spec.checks.cost_names import cost_name_problems
from fxai.spec.checks.custom_checks import custom_problems
from fxai.spec.checks.ensemble_checks import ensemble_problems
from fxai.spec.checks.field_values import misfits, refusal
from fxai.spec.checks.population_checks import population_problems
from fxai.spec.checks.position_checks import position_problems
from fxai.spec.checks.signal_checks import signal_problems
from fxai.spec.checks.study_parts import Named, Placed, StudyParts
from fxai.spec.checks.winner_checks import winner_problems
from fxai.spec.fields.objective import LLM_SIGNAL, returns_positions
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.conditions import circular_conditions, exclude_each_other
from fxai.spec.search.config_fields import (
    AGENTS,
    ALGORITHM_PATH,
    WIDTHS,
    all_config_fields,
    config_fields,
    fields_of,
    unknown_path,
)
from fxai.spec.search.custom_config import CustomConfig, values_in
from fxai.spec.search.expression import parse_expression
from fxai.spec.search.findings import Finding
from fxai.spec.search.parameters import (
    Choice,
    FloatParameter,
    IntParameter,
    Parameter,
    contains,
    count_values,
    why_outside,
)
from fxai.spec.search.samplers import BruteForceSampler, GPSampler, GridSampler, Sampler
from fxai.spec.search.searched_algorithm import algorithm_parameter, algorithms_of
from fxai.spec.search.signal_config import signal_fields
from fxai.spec.search.stop import Stop
from fxai.spec.yaml.yaml_source import KeyPath

LARGEST_GRID = 1_000_000
LONGEST_LIST = 10_000_000  # values, 80 MB in GPSampler
_SAME_FOR_ALL = (
    "data.source",
    "data.timezone",
    "data.date_format",
    "data.columns",
    "data.format",
    "data.decimal",
    "data.book_levels",
    "data.resample",
    "data.instrument",  # and data.instruments
    "data.features.instrument",
    "data.spread_",
    "data.clean.",
    "data.split.",
    "env.sessions",
    "env.costs",
    "env.sizing",
    "env.initial_cash",
    "env.fill",
    "data.features.function_folder",
)

Fields: TypeAlias = Mapping[str, FieldInfo | None]
"""The fields of a configuration by dotted path; None for a field of custom code, whose type is unknown."""


def study_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields the faults between the parts of a study, with paths from the study.

    This is the only list of the cross-field checks. A check is skipped if a part that it needs is invalid.
    """
    yield from duplicate_problems(study.names)
    if study.is_custom:
        yield from _custom_study_problems(study)
    else:
        yield from _trading_problems(study)
    fields = _fields_of_study(study)
    yield from condition_problems(study.parameters, fields)
    yield from constraint_problems(study.constraints, [each.name for each in study.names], fields)
    if study.sampler is not None:
        yield from sampler_problems(study.sampler, study.parameters)
    yield from enqueue_problems(study.enqueue, [parameter for _, parameter in study.parameters])
    if study.resources is not None:
        yield from lane_problems(study.seeds_per_trial, _folds(study.config), study.resources.lanes_per_worker)
    yield from population_problems(study)
    yield from winner_problems(study)


def _custom_study_problems(study: StudyParts) -> Iterator[Finding]:
    if isinstance(study.config, CustomConfig):
        yield from custom_problems(study.objective, study.parameters, study.fixed, study.config)
    if returns_positions(study.objective):
        yield from position_problems(study)
    if study.objective == LLM_SIGNAL:
        yield from signal_problems(study)
    if study.stop is not None:
        yield from custom_stop_problems(study.stop)


def _trading_problems(study: StudyParts) -> Iterator[Finding]:
    yield from name_problems(study.names, study.parameters, study.algorithm)
    if isinstance(study.config, TrainingConfig):  # else the number of layers is unknown
        yield from layer_problems(study.names, study.fixed, study.config)
        yield from ensemble_problems(study)
        yield from cost_name_problems(study.config)
        yield from algorithm_problems(study.parameters, study.fixed, study.config)
    yield from value_problems(study.parameters, study.algorithm)
    yield from fixed_problems(study.fixed, study.parameters, study.algorithm)


def _fields_of_study(study: StudyParts) -> Fields:
    """Returns the fields that conditions and constraints may name."""
    if study.objective == LLM_SIGNAL:
        return signal_fields()
    if isinstance(study.config, CustomConfig):
        return dict.fromkeys(values_in(study.config))
    if algorithm_parameter(parameter for _, parameter in study.parameters) is not None:
        return all_config_fields()
    return config_fields(study.algorithm)


def duplicate_problems(parameters: Iterable[Named]) -> Iterator[Finding]:
    """Yields parameters that are given twice."""
    seen: set[str] = set()
    for place, name, _ in parameters:
        if name in seen:
            yield Finding((*place, "name"), f"{name!r} is given twice; keep one")
        seen.add(name)


def name_problems(names: Iterable[Named], parameters: Sequence[Placed], algorithm: str) -> Iterator[Finding]:
    """Yields parameters of unknown fields, and of fields that must be the same for all trials."""
    chooser = algorithm_parameter(parameter for _, parameter in parameters)
    algorithms = {parameter.name: algorithms_of(parameter, chooser, algorithm) for _, parameter in parameters}
    for place, name, path in names:
        where = (*place, "name" if path == name else "path")
        missing = [each for each in algorithms.get(name, (algorithm,)) if path not in config_fields(each)]
        if missing:
            others = [each for each in algorithms.get(name, ()) if each not in missing]
            advice = f"; add a condition (when) on {chooser.name}" if chooser is not None and others else ""
            yield Finding(where, unknown_path(path, missing[0]) + advice)
        elif path.startswith(_SAME_FOR_ALL):
            yield Finding(where, f"{path!r} must be the same for all trials; write it under training_config")


def layer_problems(
    parameters: Iterable[Named], fixed: Mapping[str, Choice], config: TrainingConfig
) -> Iterator[Finding]:
    """Yields layers and agents that training_config does not have. It sets the numbers of both."""
    searched = [((*place, "name" if path == name else "path"), path) for place, name, path in parameters]
    missing = config_fields(config.training.algorithm).keys() - fields_of(config).keys()
    layers = len(config.model.widths or ())
    given = f"{layers} widths" if layers else "no widths"
    for where, path in (*searched, *((("fixed", path), path) for path in fixed)):
        if path in missing and path.startswith(WIDTHS):
            message = f"training_config.{WIDTHS} has {given}; write a width for each layer there, such as [64, 64]"
            yield Finding(where, message)
        elif path in missing and config.ensemble.agents is not None:
            agents = len(config.ensemble.agents)
            yield Finding(where, f"training_config.{AGENTS} has {agents} agents; name a kind for each agent there")


def value_problems(parameters: Sequence[Placed], algorithm: str) -> Iterator[Finding]:
    """Yields ends of ranges and choices that the field refuses."""
    chooser = algorithm_parameter(parameter for _, parameter in parameters)
    for path, parameter in parameters:
        (first, *_) = algorithms_of(parameter, chooser, algorithm)
        field = config_fields(first).get(parameter.path)
        if field and parameter.path != ALGORITHM_PATH and not parameter.path.startswith(_SAME_FOR_ALL):
            yield from misfits(path, parameter, field)


def condition_problems(parameters: Sequence[Placed], fields: Fields) -> Iterator[Finding]:
    """Yields conditions on unknown names, conditions that never hold, and parameters that set the same field."""
    named = {name: parameter for _, parameter in parameters for name in (parameter.path, parameter.name)}
    for place, parameter in parameters:
        for name, values in parameter.when.items():
            where = (*place, "when", name)
            if name not in named and name not in fields:
                yield Finding(where, _unknown(name, (*named, *fields)))
            for value in values:
                if message := _never(named.get(name), fields.get(name), value):
                    yield Finding(where, message)
    if names := circular_conditions([parameter for _, parameter in parameters]):
        message = f"conditions are circular: {' -> '.join(names)}"
        yield Finding(next(place for place, each in parameters if each.name == names[0]), message)
    for (_, other), (place, parameter) in combinations(parameters, 2):
        if _overlap(other.path, parameter.path) and other.name != parameter.name:
            yield from _set_at_once(place, parameter, other)


def _never(parameter: Parameter | None, field: FieldInfo | None, value: Choice) -> str | None:
    """Returns the reason why a condition's value is impossible, or None."""
    if parameter is not None:
        return None if contains(parameter, value) else f"{parameter.name} is never {value!r}"
    return refusal(field, value) if field is not None else None


def _overlap(one: str, other: str) -> bool:
    """Whether two paths set the same field, or one of them an item of the other's list."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _set_at_once(place: KeyPath, one: Parameter, other: Parameter) -> Iterator[Finding]:
    if not exclude_each_other(one, other):
        shared = min(one.path, other.path, key=len)
        message = f"sets {shared}, which {other.name} sets too; add conditions (when) that never hold for both"
        yield Finding((*place, "path"), message)


def constraint_problems(constraints: Iterable[str], parameters: Iterable[str], fields: Fields) -> Iterator[Finding]:
    """Yields constraints on unknown names."""
    known = dict.fromkeys((*parameters, *fields))
    for place, constraint in enumerate(constraints):
        for name in parse_expression(constraint).names:
            if name not in known:
                yield Finding(("constraints", place), _unknown(name, tuple(known)))


def _unknown(name: str, known: Sequence[str]) -> str:
    return f"{name!r} is neither a parameter nor a field of training_config{did_you_mean(name, known)}"


def fixed_problems(fixed: Mapping[str, Choice], parameters: Sequence[Placed], algorithm: str) -> Iterator[Finding]:
    """Yields values of `fixed` for unknown fields, for fields that cannot be fixed, and values that a field refuses."""
    chooser = algorithm_parameter(parameter for _, parameter in parameters)
    algorithms = (algorithm,) if chooser is None else algorithms_of(chooser, chooser, algorithm)
    for path, value in fixed.items():
        field = next((config_fields(each)[path] for each in algorithms if path in config_fields(each)), None)
        if field is None:
            yield Finding(("fixed", path), unknown_path(path, algorithm))
        elif path == ALGORITHM_PATH or path.startswith(_SAME_FOR_ALL):
            yield Finding(("fixed", path), "write it under training_config")
        elif message := refusal(field, value):
            yield Finding(("fixed", path), message)


def sampler_problems(sampler: Sampler, parameters: Iterable[Placed]) -> Iterator[Finding]:
    """Yields parameters that the sampler cannot search: continuous ones on a grid, too many steps for GPSampler."""
    if isinstance(sampler, GPSampler):
        yield from _too_long_lists(parameters)
    if not isinstance(sampler, GridSampler | BruteForceSampler):
        return
    points = 1
    for path, parameter in parameters:
        if parameter.when and isinstance(sampler, GridSampler):
            yield Finding((*path, "when"), "GridSampler does not support conditions; use BruteForceSampler")
        count = count_values(parameter)
        if count is None:
            yield Finding(path, f"{sampler.type} needs finitely many values; give a step or choices")
        points *= count or 1
    if points > LARGEST_GRID and isinstance(sampler, GridSampler):
        size = f"the grid has {points:,} combinations, more than {LARGEST_GRID:,}"
        yield Finding(("sampler",), f"{size}; use wider steps or TPESampler")


def _too_long_lists(parameters: Iterable[Placed]) -> Iterator[Finding]:
    for path, parameter in parameters:
        listed = isinstance(parameter, IntParameter) or (isinstance(parameter, FloatParameter) and not parameter.log)
        count = count_values(parameter) if listed else None
        if count is not None and count > LONGEST_LIST:
            many = f"GPSampler lists all {count:,} values of {parameter.name}, at most {LONGEST_LIST:,}"
            yield Finding(path, f"{many}; use a wider step, a narrower range or TPESampler")


def enqueue_problems(enqueue: Iterable[Mapping[str, Choice]], parameters: Iterable[Parameter]) -> Iterator[Finding]:
    """Yields trials of `enqueue` that are not in the search space."""
    known = {parameter.name: parameter for parameter in parameters}
    for place, params in enumerate(enqueue):
        for name, value in params.items():
            if name not in known:
                yield Finding(("enqueue", place, name), f"is not a parameter of this study{did_you_mean(name, known)}")
            elif not contains(known[name], value):
                yield Finding(("enqueue", place, name), why_outside(known[name], value))


def custom_stop_problems(stop: Stop) -> Iterator[Finding]:
    """Yields stop rules that custom code does not support."""
    if stop.env_steps is not None:
        message = "applies to fx_trading only; end a study of custom code by the other rules, n_trials or timeout"
        yield Finding(("stop", "env_steps"), message)


def lane_problems(seeds_per_trial: int, folds: int, lanes_per_worker: int | None) -> Iterator[Finding]:
    """Yields a `lanes_per_worker` below the trainings of a trial: a worker trains all of them in parallel."""
    if lanes_per_worker is None or lanes_per_worker >= seeds_per_trial * folds:
        return
    if folds == 1:
        message = f"{lanes_per_worker} is less than seeds_per_trial {seeds_per_trial}; each seed needs a lane"
    else:
        needed = f"{seeds_per_trial} seeds x {folds} folds"
        message = f"{lanes_per_worker} is less than {needed}; each seed of each fold needs a lane"
    yield Finding(("resources", "lanes_per_worker"), message)


def _folds(config: TrainingConfig | CustomConfig | None) -> int:
    return config.data.split.folds if isinstance(config, TrainingConfig) else 1
