"""Sets fields of a spec from the command line (`--set key=value`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from fxai.errors import Problem, SpecError
from fxai.spec.fields.field_paths import leaf_fields
from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.tracking import TRACKER_SETTINGS
from fxai.spec.reading.config_override import CONFIG, NO_SUCH_SETTING, SOURCE, ConfigFault, set_in_config
from fxai.spec.reading.presets import settings_of, shipped_preset, unknown_preset
from fxai.spec.reading.validation import validate_spec
from fxai.spec.search.class_names import CLASSES, with_class
from fxai.spec.search.configure import set_at
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.custom_config import CustomConfig, values_in, with_values
from fxai.spec.search.findings import Finding, as_problems
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.preset import Preset
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.search.verdict import VerdictConfig
from fxai.spec.yaml.yaml_source import parse_yaml

_OF_SPEC = frozenset({"results_dir", "dashboard_port", "save_study_plots"})
_NOT_TO_SET = frozenset({"study_name", "parameters", "enqueue", "fixed", "training_config"})
_OF_STUDY = TRACKER_SETTINGS.union(
    name for name, _ in leaf_fields(StudySpec) if name.partition(".")[0] not in _NOT_TO_SET
)
_SEARCH = "search"
_SWITCHED: Mapping[str, type[Record]] = {"confirm": Confirmation, "verdict": VerdictConfig}
_CHOOSES_KEYS = (".type", ".algorithm")  # the valid keys of other settings depend on these


def override(spec: Spec, settings: Mapping[str, str]) -> Spec:
    """Returns the spec with fields set in all its studies, validated.

    A key is a dotted path of training_config (`training.total_updates`), a field of a study (`n_trials`,
    `sampler.n_startup_trials`) or a field of the spec (`results_dir`). A `preset` takes precedence over the spec, and
    the other settings over the preset. Setting a searched field sets its default, the value of trial 0. Another
    algorithm keeps the spec's values of the keys that all algorithms share.

    Args:
        spec: The spec.
        settings: Value as YAML text by key.

    Raises:
        SpecError: A key or a value is invalid; it has all faults.
    """
    tree = spec.model_dump()
    problems: list[Problem] = []
    for key, text in sorted(settings.items(), key=_rank):
        try:
            value = parse_yaml(text, f"{SOURCE} {key}").value
        except SpecError as error:
            problems += (Problem(problem.message, key) for problem in error.problems)
            continue
        if fault := _set(spec, tree, key, value):
            problems.append(Problem(fault, key))
    if problems:
        raise SpecError(SOURCE, tuple(problems))
    return _validated(tree)


def _rank(setting: tuple[str, str]) -> int:
    """Returns the order of a setting: the preset first, then classes and algorithms, then their arguments."""
    key, _ = setting
    return 0 if key == "preset" else 1 if key in CLASSES or key.endswith(_CHOOSES_KEYS) else 2


def _set(spec: Spec, tree: dict[str, Any], key: str, value: Any) -> str | None:
    """Sets a field of the spec or of all its studies. Returns the fault, or None."""
    if key in _OF_SPEC:
        tree[key] = value
        return None
    for study, written in zip(tree["studies"], spec.studies, strict=True):
        if fault := _set_in(study, written, spec.presets, key, value):
            return fault
    return None


def _set_in(
    study: dict[str, Any], written: StudySpec, presets: Mapping[str, Preset], key: str, value: Any
) -> str | None:
    section, _, argument = key.partition(".")
    if key == "preset":
        preset = presets.get(value) if isinstance(value, str) else None
        if (preset := preset or shipped_preset(str(value))) is None:
            return unknown_preset(value, presets)
        study |= {**settings_of(preset), "preset": value}
    elif (section in CLASSES and argument == "type") or key in CLASSES:
        study[section] = with_class(section, value)  # another class has other arguments
    elif section == _SEARCH and argument in PopulationSearch.model_fields:
        if written.search is None:
            return "the study does not search by populations; set search to {type: pbt, ...} first"
        set_at(study, key, value)
    elif section in _SWITCHED and argument in _SWITCHED[section].model_fields:
        if study[section] == "off":
            return f"{section} is off; set {section} to {{{argument}: {value}}} instead"
        study[section] = {**(study[section] or {}), argument: value}
    elif key in _OF_STUDY or (section in CLASSES and argument and "." not in argument):
        _name_tracker(study, key)
        set_at(study, key, value)
    elif isinstance(written.training_config, CustomConfig):
        return _set_own(study, written, key, value)
    else:
        fault = set_in_config(study["training_config"], written.training_config, key.removeprefix(CONFIG), value)
        return None if fault is None else _of_study(fault, study)
    return None


def _set_own(study: dict[str, Any], written: StudySpec, key: str, value: Any) -> str | None:
    """Sets a key of custom code's training_config: a known one, or a new one given with the prefix training_config."""
    path, config = key.removeprefix(CONFIG), CustomConfig(study["training_config"])
    known = {*values_in(config), *(each.path for each in written.parameters)}
    if path == key and path not in known:
        settable = sorted({*known, *_OF_STUDY, *_OF_SPEC})
        return f"{NO_SUCH_SETTING}{did_you_mean(key, settable) or '.'} Write a new one as {CONFIG}{key}"
    try:
        study["training_config"] = with_values(config, {path: value})
    except ValueError as error:
        return str(error)
    return None


def _name_tracker(study: dict[str, Any], key: str) -> None:
    """Adds the tracker of a setting to a spec that does not name the tracker."""
    if key in TRACKER_SETTINGS:
        tracking, tracker = study["tracking"], key.split(".")[1]
        tracking[tracker] = tracking[tracker] or {}


def _of_study(fault: ConfigFault, study: dict[str, Any]) -> str:
    """Returns the fault as a message about a spec, with the name of the study and the fields of spec and study."""
    if fault.elsewhere:
        return f"{fault.message} (study {study['study_name']})"
    if fault.unknown is None:
        return fault.message
    settable = sorted({*fault.known, *_OF_STUDY, *_OF_SPEC})
    return f"{NO_SUCH_SETTING}{did_you_mean(fault.unknown, settable)}"


def _validated(tree: dict[str, Any]) -> Spec:
    spec, findings = validate_spec(tree)
    if spec is None or findings:
        raise SpecError(SOURCE, _in_settings(findings))
    return spec


def _in_settings(findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """Returns the faults by the keys of `--set`, without `studies[0]` and `training_config`."""
    problems = as_problems(Finding(path[2:] if path[:1] == ("studies",) else path, text) for path, text in findings)
    return tuple(
        dict.fromkeys(Problem(problem.message, problem.key.removeprefix("training_config.")) for problem in problems)
    )
