"""A spec file as validated records, or all its faults at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from fxai.errors import Problem, SpecError
from fxai.spec.checks.cross_field_checks import (
    Fields,
    Named,
    condition_problems,
    constraint_problems,
    custom_stop_problems,
    double_problems,
    enqueue_problems,
    fixed_problems,
    lane_problems,
    layer_problems,
    name_problems,
    sampler_problems,
    value_problems,
)
from fxai.spec.checks.custom_checks import Placed, custom_problems
from fxai.spec.checks.population_checks import population_problems
from fxai.spec.fields.algorithm import algorithm_of
from fxai.spec.fields.field_paths import constraint_of
from fxai.spec.fields.objective import is_custom
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.extend import written_out
from fxai.spec.reading.form import Form, translate
from fxai.spec.reading.key_check import check_keys
from fxai.spec.search.config_fields import config_fields
from fxai.spec.search.custom_config import CustomConfig, values_in
from fxai.spec.search.findings import Finding, findings_of
from fxai.spec.search.parameter_form import SYNONYMS
from fxai.spec.search.parameters import Choice, Parameter
from fxai.spec.search.samplers import Sampler
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import KeyPath, YamlSource, read_yaml

R = TypeVar("R", bound=Record)
_PARAMETER: TypeAdapter[Parameter] = TypeAdapter(Parameter)


def load_spec(source: Path) -> Spec:
    """The spec in a YAML file. `SpecError` lists every fault by line; `InputError` if there is no file."""
    return spec_of(read_yaml(source))


def spec_of(source: YamlSource) -> Spec:
    """The spec in YAML that was read already."""
    return spec_with_remarks(source)[0]


def spec_with_remarks(source: YamlSource) -> tuple[Spec, tuple[tuple[str, ...], ...]]:
    """The spec, and of each study the texts that were read as something else."""
    spec, form = _read(written_out(source, _checked))
    return spec, tuple(form.remarks.get(("studies", place), ()) for place in range(len(spec.studies)))


def _checked(source: YamlSource) -> Spec:
    return _read(source)[0]


def _read(source: YamlSource) -> tuple[Spec, Form]:
    """The spec in YAML that takes nothing from elsewhere any more."""
    _check_mapping(source, "a spec has `name:` and `studies:`")
    form = translate(source)
    spec, findings = _validated(Spec, form)
    findings += _between_studies(form.tree)
    studies = form.tree.get("studies")
    for place, node in enumerate(studies if isinstance(studies, list) else ()):
        findings += (Finding(("studies", place, *path), text) for path, text in _within_study(node))
    if spec is None or findings:
        raise _spec_error(form, findings)
    return spec, form


def load_record(source: Path, kind: type[R]) -> R:
    """Another YAML file that holds one record, such as a study's best config."""
    yaml = read_yaml(source)
    _check_mapping(yaml, f"it has {', '.join(f'`{name}:`' for name in list(kind.model_fields)[:3])}, ...")
    form = Form(yaml, yaml.value if isinstance(yaml.value, dict) else {})
    record, findings = _validated(kind, form)
    if record is None or findings:
        raise _spec_error(form, findings)
    return record


def _check_mapping(source: YamlSource, what: str) -> None:
    if source.value is None:
        raise SpecError(source.name, (Problem(f"is empty; {what}"),))
    if not isinstance(source.value, dict):
        raise SpecError(source.name, (Problem(f"must be a mapping; {what}", line=1),))


def _validated(kind: type[R], form: Form) -> tuple[R | None, list[Finding]]:
    findings = [*form.findings, *check_keys((kind,), form.tree, SYNONYMS)]
    try:
        return kind.model_validate(form.tree), findings
    except ValidationError as error:
        known = [finding.path for finding in findings]
        fresh = (each for each in findings_of(error, form.tree) if not any(_below(path, each.path) for path in known))
        return None, [*findings, *fresh]


def _below(path: KeyPath, other: KeyPath) -> bool:
    return path[: len(other)] == other


def _between_studies(tree: dict[str, Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    studies = tree.get("studies")
    for place, study in enumerate(studies if isinstance(studies, list) else ()):
        name = study.get("study_name") if isinstance(study, dict) else None
        if isinstance(name, str):
            if name in seen:
                yield Finding(("studies", place, "study_name"), f"{name!r} is given twice; names must differ")
            seen.add(name)


def _within_study(node: Any) -> Iterator[Finding]:
    """What coherence says of a study's sound parts, whatever is wrong with the others."""
    if not isinstance(node, dict):
        return
    seeds, resources = _field_value(node, "seeds_per_trial"), _field_value(node, "resources")
    yield from lane_problems(seeds or 1, resources and resources.lanes_per_worker)
    written = node.get("parameters")
    if not isinstance(written, list):
        return
    names = list(_names(written))
    yield from double_problems(names)
    sound = [(("parameters", place), each) for place, each in enumerate(map(_parameter, written)) if each]
    fixed = _field_value(node, "fixed") or {}
    config = node.get("training_config")
    if is_custom(node.get("objective")):
        own = CustomConfig(config if isinstance(config, dict) else {})
        fields: Fields = dict.fromkeys(values_in(own))
        yield from custom_problems(_field_value(node, "objective"), sound, fixed, own)
        if (stop := _field_value(node, "stop")) is not None:
            yield from custom_stop_problems(stop)
    else:
        fields = config_fields(_algorithm(node))
        yield from _within_trading(node, names, sound, fixed)
    constraints = _field_value(node, "constraints") or ()
    yield from constraint_problems(constraints, [each.name for each in names], fields)
    yield from condition_problems(sound, fields)
    if (sampler := _field_value(node, "sampler")) is not None:
        yield from sampler_problems(sampler, sound)
    yield from _within_population(node, sound, sampler)
    if len(sound) == len(written):
        yield from enqueue_problems(_field_value(node, "enqueue") or (), [parameter for _, parameter in sound])


def _within_population(node: dict[str, Any], sound: Sequence[Placed], sampler: Sampler | None) -> Iterator[Finding]:
    config = _field_value(node, "training_config") if "training_config" in node else TrainingConfig()
    yield from population_problems(
        _field_value(node, "search"),
        sound,
        sampler=sampler,
        pruner=_field_value(node, "pruner"),
        own_code=is_custom(node.get("objective")),
        config=config if isinstance(config, TrainingConfig) else None,
    )


def _within_trading(
    node: dict[str, Any], names: Sequence[Named], sound: Sequence[Placed], fixed: Mapping[str, Choice]
) -> Iterator[Finding]:
    algorithm = _algorithm(node)
    yield from name_problems(names, algorithm)
    config = _field_value(node, "training_config") if "training_config" in node else TrainingConfig()
    if config is not None:  # of one with faults nobody knows the layers
        yield from layer_problems(names, fixed, config)
    yield from fixed_problems(fixed, algorithm)
    yield from value_problems(sound, algorithm)


def _names(parameters: Sequence[Any]) -> Iterator[Named]:
    for place, each in enumerate(parameters):
        if isinstance(each, dict) and isinstance(name := each.get("name"), str):
            path = each.get("path")
            yield Named(("parameters", place), name, path if isinstance(path, str) else name)


def _algorithm(study: dict[str, Any]) -> str:
    config = study.get("training_config")
    return algorithm_of(config.get("training") if isinstance(config, dict) else None)


def _parameter(node: Any) -> Parameter | None:
    try:
        return _PARAMETER.validate_python(node)
    except ValidationError:
        return None


def _field_value(study: dict[str, Any], name: str) -> Any:
    """One field of a study, where it is given and sound."""
    try:
        return constraint_of(StudySpec.model_fields[name]).validate_python(study.get(name))
    except ValidationError:
        return None


def _spec_error(form: Form, findings: list[Finding]) -> SpecError:
    problems = dict.fromkeys(form.problem(finding) for finding in findings)
    return SpecError(form.source.name, tuple(sorted(problems, key=lambda problem: problem.line or 0)))
