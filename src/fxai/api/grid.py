"""Grid searches of Python calls: the number of trials, and the log line about the grid.

A space is a grid if all its parameters are Ray's `grid_search`, or if the sampler tries every point.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fxai.api.search_space import Space, functions_of, is_constant
from fxai.errors import InputError
from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.search.parameters import count_values
from fxai.spec.search.samplers import BruteForceSampler, GridSampler
from fxai.spec.search.study import StudySpec
from fxai.spec.search.translate_parameter import GRID

DEFAULT_TRIALS = 10


def with_values_of(space: Space, grid: Mapping[str, Sequence[Any]] | None) -> Space:
    """The space with the values of a `GridSampler` object instead of its ranges.

    Raises:
        InputError: The space and the grid have different parameters.
    """
    if grid is None:
        return space
    functions = functions_of(space)
    searched = [name for name, value in space.items() if not is_constant(value) and name not in functions]
    for name in grid:
        if name not in searched:
            raise InputError(f"GridSampler has values for {name!r}, which is not a parameter of the search space")
    for name in searched:
        if name not in grid:
            raise InputError(f"GridSampler has no values for {name!r}; give values for each parameter of the space")
    return {name: _gridded(value, grid[name]) if name in grid else value for name, value in space.items()}


def _gridded(parameter: Any, values: Sequence[Any]) -> dict[str, Any]:
    kept = {key: parameter[key] for key in ("path", "when") if isinstance(parameter, Mapping) and key in parameter}
    return {**kept, "type": GRID, "values": list(values)}


def is_pure_grid(space: Space) -> bool:
    """Whether all searched parameters are Ray's `grid_search`."""
    functions = functions_of(space)
    searched = [value for name, value in space.items() if not is_constant(value) and name not in functions]
    return bool(searched) and all(map(_is_grid_search, searched))


def with_all_points(study: StudySpec, given: int | None) -> StudySpec:
    """The study with one trial per point of its grid, unless the call gave a number of trials."""
    points = _points(study)
    return (
        study if points is None or given is not None else study.model_copy(update={"n_trials": min(points, MAX_COUNT)})
    )


def grid_line(study: StudySpec, space: Space, given: int | None, argument: str) -> str | None:
    """The log line about a grid; None without a grid. `argument` is the name of the call's number of trials."""
    points = _points(study)
    if points is None:
        return _sampled_line(study, space)
    most = "at most " if any(each.when for each in study.parameters) else ""
    each = "each point that meets the constraints" if study.constraints else "each point"
    whole = f"The grid has {most}{points:,} points; {each} is tried once"
    if given is None:
        return whole
    if given < points:
        return (
            f"{argument}={given} tries {given:,} of the grid's {most}{points:,} points. "
            f"Leave {argument} out to try each point once"
        )
    return f"{whole}; {argument}={given} adds no trials" if given > points else None


def _sampled_line(study: StudySpec, space: Space) -> str | None:
    names = [name for name, value in space.items() if _is_grid_search(value)]
    if not names:
        return None
    proposes = "The population" if study.search is not None else study.sampler.type
    reason = "" if is_pure_grid(space) else ", because other parameters have ranges or choices"
    return (
        f"{proposes} proposes the values of {', '.join(names)}{reason}: {study.n_trials:,} trials, not each point of "
        "the grid. To try each point, use grid_search for all parameters, and no other search_algorithm"
    )


def _points(study: StudySpec) -> int | None:
    """The number of points that the study's sampler tries one by one; None for any other sampler."""
    if study.search is not None or not isinstance(study.sampler, GridSampler | BruteForceSampler):
        return None
    return math.prod(count_values(each) or 1 for each in study.parameters)


def _is_grid_search(value: Any) -> bool:
    return isinstance(value, Mapping) and (value.keys() == {GRID} or value.get("type") == GRID)
