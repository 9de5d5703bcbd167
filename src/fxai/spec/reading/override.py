"""`--set key=value`: fields of a spec given on the command line."""

from collections.abc import Iterable, Mapping
from typing import Any

from fxai.errors import Problem, SpecError
from fxai.spec.fields.field_paths import leaves
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.tracking import TRACKER_SETTINGS
from fxai.spec.reading.config_override import CONFIG, NO_SUCH_SETTING, SOURCE, ConfigFault, set_in_config
from fxai.spec.reading.presets import settings_of, shipped_preset, unknown_preset
from fxai.spec.reading.validation import validate_spec
from fxai.spec.search.class_names import CLASSES, with_class
from fxai.spec.search.configure import set_at
from fxai.spec.search.custom_config import CustomConfig, values_in, with_values
from fxai.spec.search.findings import Finding, as_problems
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.preset import Preset
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

_OF_SPEC = frozenset({"results_dir", "dashboard_port", "save_study_plots"})
_NOT_TO_SET = frozenset({"study_name", "parameters", "enqueue", "fixed", "training_config"})
_OF_STUDY = TRACKER_SETTINGS.union(name for name, _ in leaves(StudySpec) if name.partition(".")[0] not in _NOT_TO_SET)
_SEARCH = "search"
_CHOOSES_KEYS = (".type", ".algorithm")  # of these settings the others depend


def override(spec: Spec, settings: Mapping[str, str]) -> Spec:
    """The spec with settings made in all its studies, validated anew.

    A key is a dotted path of training_config (`training.total_updates`), a field of a study (`n_trials`,
    `sampler.n_startup_trials`) or of the spec (`results_dir`); a value is read as YAML. A `preset` goes before
    what the spec says and behind the other settings. Setting what is
    searched sets its default, the value of trial 0. Another algorithm keeps what the spec itself writes of
    the keys that all algorithms have. `SpecError` names every setting at fault.
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
    """A preset is made first, so that other settings go before it; then what others depend on."""
    key, _ = setting
    return 0 if key == "preset" else 1 if key in CLASSES or key.endswith(_CHOOSES_KEYS) else 2


def _set(spec: Spec, tree: dict[str, Any], key: str, value: Any) -> str | None:
    """Why there is no such setting; None where there is."""
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
            return "the study has no populations; set search to {type: pbt, ...} first"
        set_at(study, key, value)
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
    """What only the user's code knows: a name that is there already, or one that is given in full."""
    path, config = key.removeprefix(CONFIG), CustomConfig(study["training_config"])
    known = {*values_in(config), *(each.path for each in written.parameters)}
    if path == key and path not in known:
        there = sorted({*known, *_OF_STUDY, *_OF_SPEC})
        return f"{NO_SUCH_SETTING}{did_you_mean(key, there) or '.'} A new one is written {CONFIG}{key}"
    try:
        study["training_config"] = with_values(config, {path: value})
    except ValueError as error:
        return str(error)
    return None


def _name_tracker(study: dict[str, Any], key: str) -> None:
    """A setting of a tracker that the spec does not name asks for it."""
    if key in TRACKER_SETTINGS:
        tracking, tracker = study["tracking"], key.split(".")[1]
        tracking[tracker] = tracking[tracker] or {}


def _of_study(fault: ConfigFault, study: dict[str, Any]) -> str:
    """The fault in the words of a spec, which has other settings and may have several studies."""
    if fault.elsewhere:
        return f"{fault.message} (study {study['study_name']})"
    if fault.unknown is None:
        return fault.message
    there = sorted({*fault.there, *_OF_STUDY, *_OF_SPEC})
    return f"{NO_SUCH_SETTING}{did_you_mean(fault.unknown, there)}"


def _validated(tree: dict[str, Any]) -> Spec:
    spec, findings = validate_spec(tree)
    if spec is None or findings:
        raise SpecError(SOURCE, _in_settings(findings))
    return spec


def _in_settings(findings: Iterable[Finding]) -> tuple[Problem, ...]:
    """The findings under the keys that were set: without `studies[0]` and `training_config`."""
    problems = as_problems(Finding(path[2:] if path[:1] == ("studies",) else path, text) for path, text in findings)
    return tuple(
        dict.fromkeys(Problem(problem.message, problem.key.removeprefix("training_config.")) for problem in problems)
    )
