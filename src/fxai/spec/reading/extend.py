"""Resolves the references of a spec (`extends`, `preset`, `search_space`) before the spec is validated.

A file may extend another file. A study may name a preset and a search space. The file's own values take precedence
over its presets and search spaces, and these over the extended file.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError, Problem, SpecError
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.objective import in_folder
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.reading.data_paths import resolve_data_paths
from fxai.spec.reading.find_spec import ENDINGS, find_spec, is_file
from fxai.spec.reading.merge import merge_study
from fxai.spec.reading.presets import with_preset
from fxai.spec.reading.search_space import resolve_search_space, without_search_space_key
from fxai.spec.reading.translate_spec import SHARED
from fxai.spec.yaml.source_node import SourceNode, source_node, source_of
from fxai.spec.yaml.yaml_source import YamlSource, read_yaml

Check = Callable[[YamlSource], object]
_TAKE = ("extends", "preset", "search_space")
_MAX_FILES = 20  # longest chain of extended files


def resolve_references(source: YamlSource, check: Check, trail: Sequence[Path] = ()) -> YamlSource:
    """Returns the file with all references replaced by what they refer to.

    Args:
        source: The file.
        check: Raises `SpecError` for a faulty extended file, which must be a valid spec by itself.
        trail: The files that lead to this one, each extending the next.

    Raises:
        SpecError: A reference cannot be resolved; it has all faults.
    """
    source, folder = _with_folders(source), Path(source.name).parent
    own = source_node(source)
    if not any(key in node.keys for node in (own, *_studies(own)) for key in _TAKE):
        return source_of(_placed(own, None, folder), source.name)
    faults: list[Problem] = []
    base = _base(source, own, check, trail) if "extends" in own.keys else None
    own = _with_defaults(_placed(own if base is None else _with_studies(own, base), base, folder))
    own = _filled(own, {**_presets(base), **_presets(own)}, faults)
    if base is not None:
        own = _extended(own, base, faults)
    for study in _studies(own):
        if "extends" in study.keys:
            message = "names a study of an extended file, but this file extends none; write `extends: FILE` at the top"
            faults.append(Problem(message, "extends", study.keys["extends"].line))
    if faults:
        raise SpecError(source.name, tuple(faults))
    return source_of(_with_list(own, [without_search_space_key(each) for each in _studies(own)]), source.name)


def _base(source: YamlSource, own: SourceNode, check: Check, trail: Sequence[Path]) -> SourceNode:
    """Returns the extended file, resolved and checked. All its parts have the line of `extends` in this file."""
    named = own.keys["extends"]
    here = Path(source.name).resolve()
    try:
        path = _find_base(named.text, here)
    except InputError as error:
        raise SpecError(source.name, (Problem(str(error), "extends", named.line),)) from None
    way = [*trail, here]
    if path.resolve() in way:
        names = " -> ".join(each.name for each in (*way[way.index(path.resolve()) :], path))
        raise SpecError(source.name, (Problem(f"is circular: {names}", "extends", named.line),))
    if len(way) > _MAX_FILES:
        message = f"exceeds the longest chain of files that extend each other: {_MAX_FILES}"
        raise SpecError(source.name, (Problem(message, "extends", named.line),))
    base = resolve_references(read_yaml(path), check, way)
    check(base)
    return _with_defaults(source_node(base)).included_at(named.line, str(path))


def _find_base(name: str, here: Path) -> Path:
    """Finds the extended file: relative to the folder of this file, then as `find_spec`; never this file itself."""
    if not name:
        raise InputError("must be a spec's name or path, as in `extends: quick_search`")
    place = expanded_path(name)
    for ending in ENDINGS:
        beside = here.parent / f"{place}{ending}"
        if is_file(beside) and (beside.resolve() != here or Path(name).suffix):
            return beside
    return find_spec(name)


def _with_folders(source: YamlSource) -> YamlSource:
    """Returns the file with the file's folder added to each objective of custom code."""
    if not isinstance(source.value, dict) or not isinstance(studies := source.value.get("studies"), list):
        return source
    folder = Path(source.name).parent
    placed = [
        {**study, "objective": in_folder(study["objective"], folder)}
        if isinstance(study, dict) and "objective" in study
        else study
        for study in studies
    ]
    return replace(source, value={**source.value, "studies": placed})


def _placed(own: SourceNode, base: SourceNode | None, folder: Path) -> SourceNode:
    """Returns the file with the data paths of its studies resolved."""
    bases = [] if base is None else _studies(base)
    return _with_list(own, [resolve_data_paths(each, _base_of(each, bases), folder) for each in _studies(own)])


def _studies(spec: SourceNode) -> list[SourceNode]:
    return spec.keys["studies"].items if "studies" in spec.keys else []


def _with_studies(own: SourceNode, base: SourceNode) -> SourceNode:
    """Adds the studies of the extended file to a file without studies."""
    if "studies" in own.keys:
        return own
    named = own.keys["extends"]
    studies = [replace(named, value={"extends": each.keys["study_name"]}) for each in _studies(base)]
    return own.with_keys({**own.keys, "studies": replace(named, value=studies)})


def _with_defaults(spec: SourceNode) -> SourceNode:
    """Moves the defaults at the top of a file into each of its studies."""
    defaults = {key: each for key, each in spec.keys.items() if key in SHARED}
    keys = {key: each for key, each in spec.keys.items() if key not in SHARED}
    return _with_list(spec.with_keys(keys), [_over(each, defaults) for each in _studies(spec)])


def _over(study: SourceNode, defaults: Mapping[str, SourceNode]) -> SourceNode:
    return study.with_keys({**defaults, **study.keys}) if isinstance(study.value, dict) else study


def _presets(spec: SourceNode | None) -> dict[str, SourceNode]:
    return spec.keys["presets"].keys if spec is not None and "presets" in spec.keys else {}


def _filled(own: SourceNode, presets: Mapping[str, SourceNode], faults: list[Problem]) -> SourceNode:
    """Returns the file with the presets and search spaces of its studies resolved."""
    studies = [resolve_search_space(with_preset(each, presets, faults), faults) for each in _studies(own)]
    return _with_list(own, studies)


def _with_list(spec: SourceNode, studies: list[SourceNode]) -> SourceNode:
    if not studies:
        return spec
    return spec.with_keys({**spec.keys, "studies": replace(spec.keys["studies"], value=studies)})


def _extended(own: SourceNode, base: SourceNode, faults: list[Problem]) -> SourceNode:
    keys = {**base.keys, **own.keys}
    del keys["extends"]
    if presets := {**_presets(base), **_presets(own)}:
        keys["presets"] = replace(keys["presets"], value=presets)
    return _with_list(own.with_keys(keys), [_started(each, _studies(base), faults) for each in _studies(own)])


def _started(study: SourceNode, bases: Sequence[SourceNode], faults: list[Problem]) -> SourceNode:
    """Returns a study merged with the study that it extends."""
    if not isinstance(study.value, dict):
        return study
    base = _base_of(study, bases)
    own = study.with_keys({key: each for key, each in study.keys.items() if key != "extends"})
    if base is None and (named := study.keys.get("extends")) is not None:
        names = [each.keys["study_name"].text for each in bases]
        message = f"the extended file has no study {named.text!r}{did_you_mean(named.text, names)}"
        faults.append(Problem(message, "extends", named.line))
    return own if base is None else merge_study(own, base, faults)


def _base_of(study: SourceNode, bases: Sequence[SourceNode]) -> SourceNode | None:
    """Returns the study that `study` extends: the one that it names, else of its own name, else the only one."""
    by_name = {each.keys["study_name"].text: each for each in bases}
    if (named := study.keys.get("extends")) is not None:
        return by_name.get(named.text)
    name = study.keys["study_name"].text if "study_name" in study.keys else ""
    return by_name.get(name) or (bases[0] if len(bases) == 1 else None)
