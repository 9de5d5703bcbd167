"""Finds faults that pydantic misses or reports unclearly: unknown keys, and booleans given for numbers."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from fxai.spec.fields.algorithm import TRAINING_RECORDS, algorithm_of
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.field_paths import records_in
from fxai.spec.fields.objective import is_custom
from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig, with_ensemble_algorithm
from fxai.spec.search.config_fields import all_config_fields, foreign_key
from fxai.spec.search.findings import Finding
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import KeyPath

Synonyms = Mapping[str, tuple[str, ...]]
_OF_THE_FORM: dict[type[Record], tuple[str, ...]] = {  # keys of the file's form that are not fields of the record
    Spec: ("extends", "param_mapping", "preset"),
    StudySpec: ("eval_frequency", "extends", "param_mapping", "search_space", "validation"),
}


def check_keys(
    records: tuple[type[Record], ...], node: JsonValue, synonyms: Synonyms, path: KeyPath = ()
) -> Iterator[Finding]:
    """Yields the faults of a tree that is to become a record.

    Args:
        records: The record types that the tree may become.
        node: The tree.
        synonyms: By kind of parameter, the keys of the file's form that are not fields of the record.
        path: The path of the tree.
    """
    if isinstance(node, list | tuple):
        for place, item in enumerate(node):
            yield from check_keys(records, item, synonyms, (*path, place))
    record = _member(records, node)
    if record is None or not isinstance(node, dict):
        return
    own = record is StudySpec and is_custom(node.get("objective"))
    for key, value in (with_ensemble_algorithm(node) if record is TrainingConfig else node).items():
        here = (*path, key)
        if own and key == "training_config":
            continue  # the configuration of custom code may have any keys
        field = record.model_fields.get(key)
        if field is None:
            yield Finding(here, _unknown(record, key, synonyms))
        elif isinstance(value, bool) and _is_number(field):
            yield Finding(here, f"must be a number, not {str(value).lower()}")
        elif _is_by_name(field.annotation) and isinstance(value, dict):
            for name, each in value.items():
                yield from check_keys(records_in(field.annotation), each, synonyms, (*here, name))
        else:
            yield from check_keys(records_in(field.annotation), value, synonyms, here)


def _is_by_name(annotation: Any) -> bool:
    """Whether a field is a mapping whose keys are names that the user chooses."""
    if get_origin(annotation) in {Mapping, dict}:
        return True
    return any(
        _is_by_name(each) for each in get_args(annotation) if get_origin(annotation) in {Annotated, Union, UnionType}
    )


def _is_number(field: FieldInfo) -> bool:
    """Whether a field is a number. Pydantic would read `learning_rate: true` as 1.0."""
    members = {field.annotation, *get_args(field.annotation)}
    return not members.isdisjoint({int, float}) and bool not in members


def _member(records: tuple[type[Record], ...], node: JsonValue) -> type[Record] | None:
    """Returns the record type of a mapping, by `type`, `kind` or `algorithm`, or by a required key of only one type."""
    if len(records) == 1:
        return records[0]
    if not isinstance(node, dict):
        return None
    for record in records:
        if issubclass(record, AlgorithmConfig) and TRAINING_RECORDS.get(algorithm_of(node)) is record:
            return record
        for tag in ("type", "kind"):
            if tag in record.model_fields and record.model_fields[tag].default == node.get(tag, ...):
                return record
    fitting = [record for record in records if any(key in node for key in _required(record))]
    tagged = any(tag in record.model_fields for record in records for tag in ("type", "kind"))
    return fitting[0] if len(fitting) == 1 and not tagged else None


def _required(record: type[Record]) -> Iterator[str]:
    yield from (name for name, field in record.model_fields.items() if field.is_required())


def _unknown(record: type[Record], key: str, synonyms: Synonyms) -> str:
    known = [*(name for name in record.model_fields if name != "kind"), *_OF_THE_FORM.get(record, ())]
    if "type" in record.model_fields and record.model_fields["type"].default == record.__name__:
        arguments = ", ".join(name for name in known if name != "type") or "no arguments"
        return f"{record.__name__} has no argument {key!r}{did_you_mean(key, known) or '.'} It has: {arguments}"
    if kind := record.model_fields.get("kind"):
        known += synonyms.get(kind.default, ())
    elsewhere = [f"training_config.{name}" for name in all_config_fields() if name.rpartition(".")[2] == key]
    if issubclass(record, AlgorithmConfig) and f"training.{key}" in all_config_fields():
        return foreign_key(key, record.model_fields["algorithm"].default)
    if record is Spec and key in StudySpec.model_fields:
        elsewhere = [f"studies[0].{key}"]
    return f"unknown key{did_you_mean(key, known) or did_you_mean(key, elsewhere)}"
