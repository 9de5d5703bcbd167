"""Reads `config/base/hpo.yaml`: search spaces by algorithm, the fields of their parameters, and experiments.

The file has the guide's form: names without sections, Ray's types, and experiments whose keys are arguments of
`HPOptimizer.optimize`.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from fxai.errors import Problem, SpecError
from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.find_spec import config_directory
from fxai.spec.search.config_fields import all_config_fields
from fxai.spec.search.findings import message_of
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.translate_parameter import translate_parameter
from fxai.spec.yaml.source_node import SourceNode, source_node
from fxai.spec.yaml.yaml_source import YamlSource, dotted, read_yaml


def _translated(written: Any) -> Any:
    if not isinstance(written, dict):
        return written
    translation = translate_parameter(written)
    if translation.faults:
        raise ValueError("; ".join(f"{key}: {message}" for key, message in translation.faults))
    return translation.node


class Experiment(Record):
    """Arguments of `HPOptimizer.optimize`."""

    num_trials: int = Field(ge=1)
    search_algorithm: Literal["optuna", "random"] | None = None
    scheduler: Literal["asha", "pbt", "median"] | None = None
    max_concurrent_trials: int | None = Field(default=None, ge=1)


class HpoFile(Record):
    """The content of the file."""

    search_spaces: Mapping[str, Mapping[str, Annotated[Parameter, BeforeValidator(_translated)]]]
    param_mapping: Mapping[str, str]
    experiments: Mapping[str, Experiment]

    @model_validator(mode="before")
    @classmethod
    def _name_parameters_by_keys(cls, written: Any) -> Any:
        spaces = written.get("search_spaces") if isinstance(written, dict) else None
        if not isinstance(spaces, dict):
            return written
        return {**written, "search_spaces": {name: _named(space) for name, space in spaces.items()}}

    @model_validator(mode="after")
    def _check_mapping_targets(self) -> "HpoFile":
        known = all_config_fields()
        for name, path in self.param_mapping.items():
            if path not in known:
                message = f"training_config has no field {path!r}{did_you_mean(path, known)}"
                raise ValueError(f"param_mapping.{name}: {message}")
        return self


def _named(space: Any) -> Any:
    if not isinstance(space, dict):
        return space
    return {name: {**each, "name": name} if isinstance(each, dict) else each for name, each in space.items()}


def hpo_file() -> HpoFile:
    """Returns the file as records."""
    return _read()[1]


def written_space(name: str, line: int) -> SourceNode:
    """Returns a search space in the file's form, as part of another file that refers to it in this line."""
    source, _ = _read()
    return source_node(source).keys["search_spaces"].keys[name].included_at(line, source.name)


@cache
def _read() -> tuple[YamlSource, HpoFile]:
    return read_hpo(config_directory() / "base" / "hpo.yaml")


def read_hpo(path: Path) -> tuple[YamlSource, HpoFile]:
    """Reads a file of this form. Returns its source and its records. Raises `SpecError` with all faults."""
    source = read_yaml(path)
    try:
        return source, HpoFile.model_validate(source.value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        problems = (Problem(message_of(each), dotted(each["loc"]), source.lines.get(each["loc"])) for each in faults)
        raise SpecError(source.name, tuple(problems)) from None
