"""Translates a spec from the form of YAML files to the form of the records.

The file's form has the guide's parameter types, Ray's names for them, parameters as a mapping, defaults of all
studies at the top, and keys of the guide's program. Each key of the result keeps its path in the file.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from fxai.errors import Problem
from fxai.spec.fields.field_paths import records_in, section_of
from fxai.spec.fields.llm_signal_config import LlmSignalConfig
from fxai.spec.fields.objective import LLM_SIGNAL, is_custom
from fxai.spec.fields.record import Record
from fxai.spec.fields.retired_keys import RETIRED_IN_SPEC, RETIRED_IN_STUDY, RetiredKey
from fxai.spec.fields.tracking import SECRET_KEYS, TRACKERS
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.class_names import CLASSES, with_class, with_classes
from fxai.spec.search.findings import Finding
from fxai.spec.search.text_values import convert_texts, quote_list_texts
from fxai.spec.search.translate_parameter import is_grid, translate_parameter
from fxai.spec.yaml.yaml_source import KeyPath, YamlSource, dotted

Node = dict[str, JsonValue]
SHARED = (
    *("storage", "seed", "n_jobs", "max_concurrent_trials", "gpu_per_trial", "param_mapping", "preset", "tracking"),
    *("engine", "ray_address", "ray_config"),
)
_ALL_WORKERS = -1  # as Optuna and scikit-learn write it
_DEFAULT_WHEN_EMPTY = ("training_config", "sampler", "pruner", "resources", "ray_config", "enqueue", "tracking", "stop")
_VALIDATION_KEYS = {
    "walk_forward": "walk_forward",
    "combinatorial": "combinatorial",
    "episodes": "validation_episodes",
}
"""Keys of `validation`, and the fields of `training_config.data.split` that they set."""
_STOP_KEYS = {"early_stop_patience": "patience", "early_stop_min_delta": "min_delta"}


@dataclass(slots=True)
class TranslatedSpec:
    """A spec in the form of the records, with the faults found so far and the paths of its keys in the file."""

    source: YamlSource
    tree: Node
    findings: list[Finding] = field(default_factory=list)
    moved: dict[KeyPath, KeyPath] = field(default_factory=dict)  # from a path in `tree` to the path in the file
    remarks: dict[KeyPath, tuple[str, ...]] = field(default_factory=dict)  # by study: texts read as another type

    def problem(self, finding: Finding) -> Problem:
        """Returns a fault with its key and line in the file."""
        path = self._written(finding.path)
        place = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.source.lines), ())
        origin = f" (from {self.source.origins[place]})" if place in self.source.origins else ""
        return Problem(f"{finding.message}{origin}", dotted(path), self.source.lines.get(place, 1))

    def _written(self, path: KeyPath) -> KeyPath:
        for length in range(len(path), 0, -1):
            if (old := self.moved.get(path[:length])) is not None:
                return (*old, *path[length:])
        return path


def translate_spec(source: YamlSource) -> TranslatedSpec:
    """Translates a file whose value is a mapping."""
    form = TranslatedSpec(source, copy.deepcopy(source.value) if isinstance(source.value, dict) else {})
    _retire(form, form.tree, (), RETIRED_IN_SPEC)
    shared = {key: form.tree.pop(key) for key in SHARED if key in form.tree}
    if isinstance(presets := form.tree.get("presets"), dict):
        form.tree["presets"] = {
            name: with_classes(each) if isinstance(each, dict) else each for name, each in presets.items()
        }
    studies = form.tree.get("studies")
    for place, study in enumerate(studies if isinstance(studies, list) else ()):
        if isinstance(study, dict):
            path: KeyPath = ("studies", place)
            for key in shared.keys() - study.keys():
                study[key] = shared[key]
                form.moved[*path, key] = (key,)
            _translate_study(form, study, path)
    return form


def _translate_study(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    _retire(form, study, path, RETIRED_IN_STUDY)
    for key in _DEFAULT_WHEN_EMPTY:
        if key in study and study[key] is None:
            del study[key]
    for key in CLASSES:
        if key in study:
            study[key] = with_class(key, study[key])
    if study.get("n_jobs") == _ALL_WORKERS:
        del study["n_jobs"]
    if "objectives" in study and "direction" in study:
        form.findings.append(Finding((*path, "direction"), "not with objectives; set the direction of each objective"))
    _move_overrides(form, study, path)
    _move_early_stop(form, study, path)
    is_signal = study.get("objective") == LLM_SIGNAL
    if is_signal or not is_custom(study.get("objective")):
        if isinstance(config := study.get("training_config"), dict):
            _drop_empty_sections(config, LlmSignalConfig if is_signal else TrainingConfig)
        _move(form, study, path, ("eval_frequency",), ("training", "eval_frequency"))
    _move_validation(form, study, path)
    _translate_tracking(form, study, path)
    _translate_parameters(form, study, path)
    _map_parameters(form, study, path)
    if is_custom(study.get("objective")):
        quote_list_texts(study)
    else:
        form.remarks[path] = tuple(convert_texts(study))


def _retire(form: TranslatedSpec, node: Node, path: KeyPath, retired: dict[str, RetiredKey]) -> None:
    for key in node.keys() & retired.keys():
        value = node.pop(key)
        if not retired[key].accepts(value):
            form.findings.append(Finding((*path, key), retired[key].instead))


def _move_overrides(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    """Renames `trial_overrides` of the guide's program to training_config."""
    overrides = study.pop("trial_overrides", None)
    if overrides is None:
        return
    if "training_config" in study:
        form.findings.append(
            Finding((*path, "trial_overrides"), "training_config is given too; write all values there")
        )
        return
    study["training_config"] = overrides
    form.moved[*path, "training_config"] = (*path, "trial_overrides")


def _move_validation(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    """Moves the keys of `validation` to `data.split` of training_config."""
    section = study.get("validation")
    if is_custom(study.get("objective")) and section is not None:
        form.findings.append(Finding((*path, "validation"), "applies to fx_trading only; remove it for custom code"))
    elif isinstance(section, dict):
        for key in section.keys() - _VALIDATION_KEYS.keys():
            message = f"unknown key; the keys are {', '.join(_VALIDATION_KEYS)}"
            form.findings.append(Finding((*path, "validation", key), message))
            del section[key]
        for key, field in _VALIDATION_KEYS.items():
            if key != "episodes" and key in section and section[key] is None:
                section[key] = {}
            _move(form, study, path, ("validation", key), ("data", "split", field))
    elif section is not None:
        message = "must be a mapping, such as {walk_forward: {folds: 5}} or {episodes: 20}"
        form.findings.append(Finding((*path, "validation"), message))
    study.pop("validation", None)


def _move(form: TranslatedSpec, study: Node, path: KeyPath, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Moves a key of a study from `old` to `new` in its training_config."""
    *sections, last = old
    node: Any = study
    for section in sections:
        node = node.get(section, {})
    if last not in node:
        return
    value, place = node.pop(last), ("training_config", *new)
    target: Any = study
    for section in place[:-1]:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            return  # the validation of the records reports the fault
    if new[-1] in target:
        message = f"given in {'.'.join(place[:-1])} too; keep that one"
        form.findings.append(Finding((*path, *old), message))
        return
    target[new[-1]] = value
    form.moved[*path, *place] = (*path, *old)


def _translate_tracking(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    """Gives a tracker without settings its defaults, and refuses secrets."""
    tracking = study.get("tracking")
    for name in TRACKERS:
        if not isinstance(tracking, dict) or name not in tracking:
            continue
        section = tracking[name] = {} if tracking[name] is None else tracking[name]
        if isinstance(section, dict):
            _retire(form, section, (*path, "tracking", name), SECRET_KEYS[name])


def _move_early_stop(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    """Moves `early_stop_patience` and `early_stop_min_delta` of the guide's program to keys of `stop`."""
    for old, new in _STOP_KEYS.items():
        value = study.pop(old, None)
        stop = study.setdefault("stop", {}) if value is not None else None
        if not isinstance(stop, dict):
            continue
        if new in stop:
            form.findings.append(Finding((*path, old), f"given in stop.{new} too; keep one"))
            continue
        stop[new] = value
        form.moved[*path, "stop", new] = (*path, old)


def _drop_empty_sections(node: Node, record: type[Record]) -> None:
    """Removes empty sections, such as `env:`, so that they get their defaults."""
    for key, info in record.model_fields.items():
        if not records_in(info.annotation) or key not in node:
            continue
        value, section = node[key], section_of(info)
        if value is None:
            del node[key]
        elif isinstance(value, dict) and section is not None:
            _drop_empty_sections(value, section)


def _translate_parameters(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    path = (*path, "parameters")
    written = study.get("parameters")
    if isinstance(written, dict):
        written = study["parameters"] = _as_list(form, written, path)
    if not isinstance(written, list):
        return
    if is_grid(written) and study.get("search") is None:
        study.setdefault("sampler", {"type": "GridSampler"})
    for place, parameter in enumerate(written):
        if isinstance(parameter, dict):
            translation = translate_parameter(parameter)
            written[place] = translation.node
            here = (*path, place)
            form.findings += [Finding((*here, key), message) for key, message in translation.faults]
            for new, old in translation.renamed.items():
                form.moved[*here, new] = (*form.moved.get(here, here), old)


def _map_parameters(form: TranslatedSpec, study: Node, path: KeyPath) -> None:
    """Writes `param_mapping: {lr: training.learning_rate}` as the key `path` of the parameters."""
    mapping = study.pop("param_mapping", None)
    if mapping is None:
        return
    if not isinstance(mapping, dict) or not all(isinstance(target, str) for target in mapping.values()):
        form.findings.append(
            Finding((*path, "param_mapping"), "must map names to fields, such as lr: training.learning_rate")
        )
        return
    parameters = study.get("parameters")
    for place, parameter in enumerate(parameters if isinstance(parameters, list) else ()):
        if isinstance(parameter, dict) and (name := parameter.get("name")) in mapping:
            if "path" in parameter:
                message = f"given by param_mapping too ({mapping[name]}); keep one"
                form.findings.append(Finding((*path, "parameters", place, "path"), message))
                continue
            parameter["path"] = mapping[name]
            form.moved[*path, "parameters", place, "path"] = (*path, "param_mapping", str(name))


def _as_list(form: TranslatedSpec, written: Node, path: KeyPath) -> list[JsonValue]:
    """Returns a mapping of parameters by name as a list."""
    parameters: list[JsonValue] = []
    for place, (name, parameter) in enumerate(written.items()):
        form.moved[*path, place] = (*path, name)
        if isinstance(parameter, dict) and parameter.get("name", name) != name:
            form.findings.append(Finding((*path, place, "name"), f"differs from its key {name!r}; remove it"))
        parameters.append({**parameter, "name": name} if isinstance(parameter, dict) else parameter)
    return parameters
