"""Record of what a study takes over from another study, stored in a file beside the spec.

`fxai transfer` writes the file, `fxai run` applies it. It changes the first trials and the search space of a study,
but not how its trials are scored.
"""

from collections.abc import Container, Mapping
from typing import Any, Literal, TypeAlias

from pydantic import Field

from fxai.errors import Problem, SpecError
from fxai.spec.checks.cross_field_checks import study_problems
from fxai.spec.checks.study_parts import parts_of
from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.findings import as_problems
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter, contains
from fxai.spec.search.study import StudySpec

Mode: TypeAlias = Literal["fix", "fix_unimportant", "enqueue", "narrow", "warm"]


class SourceStudy(Record):
    """The source study, as it was when the transfer was written."""

    study_name: str
    storage: str
    finished: int
    best_trial: int
    best_value: float
    standard_error: float | None = None  # of the best value, if it is known
    metric: str = ""  # of the best value; empty in files of earlier releases
    trading: bool = False  # whether the objective is fx_trading

    def is_unchanged_from(self, other: "SourceStudy") -> bool:
        """Whether both are the same study with the same trials. Files of earlier releases have no metric."""
        unnamed = {"metric": "", "trading": False}
        return self.model_copy(update=unnamed) == other.model_copy(update=unnamed)


class Narrowed(Record):
    """A smaller range of a parameter: its ends, or the remaining choices."""

    name: str
    low: int | float | None = None
    high: int | float | None = None
    choices: tuple[Choice, ...] | None = None

    @classmethod
    def of(cls, parameter: Parameter) -> "Narrowed":
        if isinstance(parameter, CategoricalParameter):
            return cls(name=parameter.name, choices=parameter.choices)
        return cls(name=parameter.name, low=parameter.low, high=parameter.high)


class Window(Record):
    """Place of a study in a chain of windows, which `fxai retune` makes."""

    root: str  # study that began the chain
    number: int = Field(ge=1)
    searched_before: int | None = None  # test bars that searches of earlier windows used; None if not known
    tested_before: int | None = None  # test bars that were test bars of earlier windows


def _is_absent(value: object) -> bool:
    """Whether a field is left out of what is written."""
    return value is None


class TransferSpec(Record):
    """Everything that a study takes over."""

    source: SourceStudy
    modes: tuple[Mode, ...]
    fixed: dict[str, Choice] = Field(default_factory=dict)  # by path of training_config
    dropped: tuple[str, ...] = ()  # names of parameters that are no longer searched
    narrowed: tuple[Narrowed, ...] = ()
    enqueue: tuple[dict[str, Choice], ...] = ()
    warm: int = 0  # finished trials of the source that the sampler learns from
    spec_hash: str = ""  # of the spec to which it applies
    data_hash: str = ""  # of the bars on which its trials are trained and scored
    versions: dict[str, str] = Field(default_factory=dict)  # of the programs that wrote it
    window: Window | None = Field(default=None, exclude_if=_is_absent)  # of a study that `fxai retune` made

    def without(self, paths: Container[str]) -> "TransferSpec":
        """Returns a copy that fixes none of these fields of training_config."""
        return self.model_copy(update={"fixed": {path: each for path, each in self.fixed.items() if path not in paths}})


def apply_transfer(study: StudySpec, transfer_spec: TransferSpec, name: str) -> StudySpec:
    """Returns the study with the transfer applied.

    Args:
        study: The study.
        transfer_spec: What it takes over.
        name: The name of the transfer's file, for messages.

    Raises:
        SpecError: The transfer does not fit the study; it has all faults.
    """
    known = {parameter.name: parameter for parameter in study.parameters}
    ranges = {each.name: each for each in transfer_spec.narrowed}
    problems = [
        *(_no_parameter(f"dropped[{place}]", each, known) for place, each in enumerate(transfer_spec.dropped)),
        *(_range_problem(place, each, known) for place, each in enumerate(transfer_spec.narrowed)),
    ]
    left = [each for each in study.parameters if each.name not in transfer_spec.dropped]
    if not left:
        problems.append(Problem(f"drops all parameters of {study.study_name}", "dropped"))
    if found := tuple(each for each in problems if each is not None):
        raise SpecError(name, found)
    changes: dict[str, Any] = {
        "fixed": {**study.fixed, **transfer_spec.fixed},
        "parameters": tuple(_with_range(each, ranges.get(each.name)) for each in left),
        "enqueue": (*transfer_spec.enqueue, *study.enqueue),
    }
    changed = study.model_copy(update=changes)
    if found := as_problems(study_problems(parts_of(changed))):
        raise SpecError(name, found)
    return changed


def _no_parameter(key: str, name: str, known: Mapping[str, Parameter]) -> Problem | None:
    if name in known:
        return None
    return Problem(f"the study has no parameter {name!r}{did_you_mean(name, known)}", key)


def _range_problem(place: int, narrowed: Narrowed, known: Mapping[str, Parameter]) -> Problem | None:
    """Returns the fault of a narrowed range that is not within the range of the spec, or None."""
    key = f"narrowed[{place}]"
    if (missing := _no_parameter(f"{key}.name", narrowed.name, known)) is not None:
        return missing
    parameter = known[narrowed.name]
    if isinstance(parameter, CategoricalParameter):
        choices = narrowed.choices or ()
        fits = bool(choices) and all(contains(parameter, each) for each in choices)
    else:
        low, high = narrowed.low, narrowed.high
        fits = low is not None and high is not None and parameter.low <= low <= high <= parameter.high
    return None if fits else Problem(f"is not within the range of {narrowed.name} in the spec", key)


def _with_range(parameter: Parameter, narrowed: Narrowed | None) -> Parameter:
    if narrowed is None:
        return parameter
    kept = ("choices",) if isinstance(parameter, CategoricalParameter) else ("low", "high")
    return parameter.model_validate({**parameter.model_dump(), **narrowed.model_dump(include=set(kept))})
