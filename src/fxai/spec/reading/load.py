"""Loads spec files as validated records; the error has all faults of the file."""

from pathlib import Path
from typing import TypeVar

from fxai.errors import Problem, SpecError
from fxai.spec.fields.record import Record
from fxai.spec.reading.extend import resolve_references
from fxai.spec.reading.translate_spec import TranslatedSpec, translate_spec
from fxai.spec.reading.validation import validate, validate_spec
from fxai.spec.search.findings import Finding
from fxai.spec.search.study import Spec
from fxai.spec.yaml.yaml_source import YamlSource, read_yaml

R = TypeVar("R", bound=Record)


def load_spec(source: Path) -> Spec:
    """Loads the spec in a YAML file.

    Raises:
        SpecError: The spec is invalid; it has all faults with their lines.
        InputError: The file cannot be read.
    """
    return spec_of(read_yaml(source))


def spec_of(source: YamlSource) -> Spec:
    """Returns the spec of a file that was read."""
    return spec_with_remarks(source)[0]


def spec_with_remarks(source: YamlSource) -> tuple[Spec, tuple[tuple[str, ...], ...]]:
    """Returns the spec, and for each study the remarks on texts that were read as another type."""
    spec, form = _read(resolve_references(source, _checked))
    return spec, tuple(form.remarks.get(("studies", place), ()) for place in range(len(spec.studies)))


def _checked(source: YamlSource) -> Spec:
    return _read(source)[0]


def _read(source: YamlSource) -> tuple[Spec, TranslatedSpec]:
    """Returns the spec of a file whose references are resolved, with its translation."""
    _check_mapping(source, "a spec has `name:` and `studies:`")
    form = translate_spec(source)
    spec, findings = validate_spec(form.tree, form.findings)
    if spec is None or findings:
        raise _spec_error(form, findings)
    return spec, form


def load_record(source: Path, kind: type[R]) -> R:
    """Loads a YAML file that contains one record, such as a study's best config."""
    yaml = read_yaml(source)
    _check_mapping(yaml, f"it has {', '.join(f'`{name}:`' for name in list(kind.model_fields)[:3])}, ...")
    form = TranslatedSpec(yaml, yaml.value if isinstance(yaml.value, dict) else {})
    record, findings = validate(kind, form.tree)
    if record is None or findings:
        raise _spec_error(form, findings)
    return record


def _check_mapping(source: YamlSource, what: str) -> None:
    if source.value is None:
        raise SpecError(source.name, (Problem(f"is empty; {what}"),))
    if not isinstance(source.value, dict):
        raise SpecError(source.name, (Problem(f"must be a mapping; {what}", line=1),))


def _spec_error(form: TranslatedSpec, findings: list[Finding]) -> SpecError:
    problems = dict.fromkeys(form.problem(finding) for finding in findings)
    return SpecError(form.source.name, tuple(sorted(problems, key=lambda problem: problem.line or 0)))
