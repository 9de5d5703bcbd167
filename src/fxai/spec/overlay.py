"""What one study takes over from another: a file beside a spec, so that no hand-written spec is changed.

`fxai transfer` writes it, `fxai run` applies it. It changes where a study starts and what it still searches,
never how its trials are scored.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import Field

from fxai.errors import Problem, SpecError
from fxai.spec.coherence import study_problems
from fxai.spec.findings import as_problems
from fxai.spec.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.record import Record
from fxai.spec.study import StudySpec

Mode: TypeAlias = Literal["fix", "fix_unimportant", "enqueue", "narrow", "warm"]


class SourceStudy(Record):
    """The study that something is taken from, as it stood then."""

    study_name: str
    storage: str
    finished: int
    best_trial: int
    best_value: float
    standard_error: float | None = None  # of the best value, where it is a mean over several seeds


class Narrowed(Record):
    """A smaller range of a parameter: its ends, or the choices that are left."""

    name: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Choice, ...] | None = None


class Overlay(Record):
    """All that a study takes over."""

    source: SourceStudy
    modes: tuple[Mode, ...]
    fixed: dict[str, Choice] = Field(default_factory=dict)  # by path of training_config
    dropped: tuple[str, ...] = ()  # names of parameters that are searched no more
    narrowed: tuple[Narrowed, ...] = ()
    enqueue: tuple[dict[str, Choice], ...] = ()
    warm: int = 0  # finished trials of the source that the sampler learns from
    spec_hash: str = ""  # of the spec that it was made for
    versions: dict[str, str] = Field(default_factory=dict)  # that made it


def applied(study: StudySpec, overlay: Overlay, name: str) -> StudySpec:
    """The study with what it takes over; SpecError under the overlay's `name` where the two do not fit."""
    known = {parameter.name for parameter in study.parameters}
    ranges = {each.name: each for each in overlay.narrowed}
    gone = [each for each in (*overlay.dropped, *ranges) if each not in known]
    if gone:
        raise _misfit(name, f"the study {study.study_name} searches no {', '.join(gone)}")
    parameters = tuple(
        _narrowed(each, ranges.get(each.name)) for each in study.parameters if each.name not in overlay.dropped
    )
    if not parameters:
        raise _misfit(name, f"nothing is left to search in {study.study_name}")
    changes: dict[str, Any] = {
        "fixed": {**study.fixed, **overlay.fixed},
        "parameters": parameters,
        "enqueue": (*study.enqueue, *overlay.enqueue),
    }
    made = study.model_copy(update=changes)
    if problems := as_problems(study_problems(made)):
        raise SpecError(f"{name} (written for another version of the spec? transfer again, or delete it)", problems)
    return made


def _misfit(name: str, reason: str) -> SpecError:
    return SpecError(name, (Problem(f"{reason}; transfer again, or delete this file"),))


def _narrowed(parameter: Parameter, narrowed: Narrowed | None) -> Parameter:
    if narrowed is None:
        return parameter
    if isinstance(parameter, CategoricalParameter):
        return parameter.model_copy(update={"choices": narrowed.choices or parameter.choices})
    ends: Mapping[str, float | None] = {"low": narrowed.low, "high": narrowed.high}
    kind = type(parameter.low)
    return parameter.model_copy(update={end: kind(value) for end, value in ends.items() if value is not None})
