"""Validates the tree of a record or a spec and returns all faults, with their paths.

Spec files, `--set`, training configurations and Python calls are validated here, so that each check runs once and
its message is the same everywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from fxai.spec.checks.cross_field_checks import study_problems
from fxai.spec.checks.study_parts import Named, StudyParts, parts_of
from fxai.spec.fields.field_paths import field_adapter
from fxai.spec.fields.llm_signal_config import LlmSignalConfig, with_signal_defaults
from fxai.spec.fields.objective import LLM_SIGNAL, is_custom, returns_positions
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig, algorithm_in
from fxai.spec.reading.key_check import check_keys
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.findings import Finding, findings_of
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.positions_config import sections_of
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.search.translate_parameter import SYNONYMS
from fxai.spec.yaml.yaml_source import KeyPath

R = TypeVar("R", bound=Record)
_PARAMETER: TypeAdapter[Parameter] = TypeAdapter(Parameter)


def validate(kind: type[R], tree: dict[str, Any], known: Iterable[Finding] = ()) -> tuple[R | None, list[Finding]]:
    """Validates a tree. Returns the record, None if it is invalid, and all faults.

    Args:
        kind: The type of the record.
        tree: The record as nested dictionaries.
        known: Faults that were found before. No other faults are reported below their paths.
    """
    findings = [*known, *check_keys((kind,), tree, SYNONYMS)]
    try:
        return kind.model_validate(tree), findings
    except ValidationError as error:
        paths = [finding.path for finding in findings]
        fresh = (each for each in findings_of(error, tree) if not any(_is_below(path, each.path) for path in paths))
        return None, [*findings, *fresh]


def validate_spec(tree: dict[str, Any], known: Iterable[Finding] = ()) -> tuple[Spec | None, list[Finding]]:
    """Validates a spec. Returns the spec, None if a record is invalid, and all faults, also those between fields."""
    spec, findings = validate(Spec, tree, known)
    findings += _double_names(tree)
    for place, parts in _parts(spec, tree):
        problems = (*_mapping_problems(parts), *study_problems(parts))
        findings += (Finding(("studies", place, *path), message) for path, message in problems)
    return spec, findings


def _mapping_problems(parts: StudyParts) -> Iterator[Finding]:
    """Yields the faults of the known parts of a mapping; keys of custom code are free.

    Known are `data` and `env` of a function that returns positions, and all keys of `llm_signal`.
    """
    if not isinstance(parts.config, CustomConfig):
        return
    findings: list[Finding] = []
    if parts.objective == LLM_SIGNAL:
        _, findings = validate(LlmSignalConfig, parts.config.root)
    elif returns_positions(parts.objective):
        _, findings = validate(TrainingConfig, sections_of(parts.config.root))
    yield from (Finding(("training_config", *path), message) for path, message in findings)


def _is_below(path: KeyPath, other: KeyPath) -> bool:
    return path[: len(other)] == other


def _parts(spec: Spec | None, tree: dict[str, Any]) -> Iterator[tuple[int, StudyParts]]:
    if spec is not None:
        yield from enumerate(map(parts_of, spec.studies))
        return
    for place, study in enumerate(_items(tree.get("studies"))):
        if isinstance(study, dict):
            yield place, _valid_parts(study)


def _items(node: Any) -> Sequence[Any]:
    return node if isinstance(node, list | tuple) else ()


def _double_names(tree: dict[str, Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, study in enumerate(_items(tree.get("studies"))):
        name = study.get("study_name") if isinstance(study, dict) else None
        if isinstance(name, str):
            if name in seen:
                yield Finding(("studies", place, "study_name"), f"{name!r} is given twice; names must differ")
            seen.add(name)


def _valid_parts(study: dict[str, Any]) -> StudyParts:
    """Returns the valid parts of an invalid study, so that the checks between these parts run too."""
    written, config = _items(study.get("parameters")), study.get("training_config")
    names = list(_names(written))
    is_named = bool(written) and len(names) == len(
        written
    )  # else a name in another key may be that of an invalid parameter
    parameters = [(("parameters", place), each) for place, each in enumerate(map(_parameter, written)) if each]
    return StudyParts(
        is_custom=is_custom(study.get("objective")),
        objective=_field_value(study, "objective") if is_named else None,
        algorithm=algorithm_in(config),
        config=_config(study),
        names=names,
        parameters=parameters,
        fixed=_field_value(study, "fixed") or {},
        constraints=(_field_value(study, "constraints") or ()) if is_named else (),
        enqueue=(_field_value(study, "enqueue") or ()) if is_named and len(parameters) == len(written) else (),
        sampler=_field_value(study, "sampler"),
        pruner=_field_value(study, "pruner"),
        search=_field_value(study, "search"),
        confirm=_field_value(study, "confirm"),
        verdict=_field_value(study, "verdict"),
        has_objectives=bool(study.get("objectives")),
        stop=_field_value(study, "stop"),
        seeds_per_trial=_field_value(study, "seeds_per_trial") or 1,
        resources=_field_value(study, "resources"),
    )


def _config(study: dict[str, Any]) -> TrainingConfig | CustomConfig | None:
    written = study.get("training_config")
    if is_custom(study.get("objective")):
        mapping = written if isinstance(written, dict) else {}
        return CustomConfig(with_signal_defaults(mapping) if study["objective"] == LLM_SIGNAL else mapping)
    config = _field_value(study, "training_config") if "training_config" in study else TrainingConfig()
    return config if isinstance(config, TrainingConfig) else None


def _names(parameters: Sequence[Any]) -> Iterator[Named]:
    for place, each in enumerate(parameters):
        if isinstance(each, dict) and isinstance(name := each.get("name"), str):
            path = each.get("path")
            yield Named(("parameters", place), name, path if isinstance(path, str) else name)


def _parameter(node: Any) -> Parameter | None:
    try:
        return _PARAMETER.validate_python(node)
    except ValidationError:
        return None


def _field_value(study: dict[str, Any], name: str) -> Any:
    """Returns the value of a field of a study; None if it is absent or invalid."""
    try:
        return field_adapter(StudySpec.model_fields[name]).validate_python(study.get(name))
    except ValidationError:
        return None
