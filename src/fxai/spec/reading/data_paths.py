"""Resolves relative paths of data files, of language models and of modules with features in a spec.

They are searched in the folder of the spec, then in the current folder.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError
from fxai.spec.fields.data_config import NAMED_SOURCE
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.objective import LLM_SIGNAL, is_custom, returns_positions
from fxai.spec.fields.source_paths import source_paths
from fxai.spec.reading.merge import CONFIGS
from fxai.spec.yaml.source_node import SourceNode, plain_value

_SOURCE, _FEATURES = ("data", "source"), ("data", "features")
_NEWS, _MODEL = ("news", "file"), ("model", "path")


def resolve_data_paths(study: SourceNode, base: SourceNode | None, folder: Path) -> SourceNode:
    """Returns a study with its data paths resolved.

    Args:
        study: The study.
        base: The study that it extends.
        folder: The folder of the file that contains the study.
    """
    objective = study.keys.get("objective") or (None if base is None else base.keys.get("objective"))
    written = None if objective is None else plain_value(objective)
    is_signal = written == LLM_SIGNAL
    if is_custom(written) and not is_signal and not returns_positions(written):
        return study  # the configuration of custom code may have any keys
    placed = {}
    for key in CONFIGS:
        if key in study.keys:
            config = _changed(study.keys[key], _SOURCE, lambda node: _with_resolved(node, folder))
            config = _changed(config, _FEATURES, lambda node: _with_function_folder(node, folder))
            if is_signal:
                config = _changed(config, _NEWS, lambda node: _with_resolved(node, folder))
                config = _changed(config, _MODEL, lambda node: _with_model(node, folder))
            placed[key] = config
    return study.with_keys({**study.keys, **placed}) if placed else study


def _changed(node: SourceNode, path: tuple[str, ...], change: Callable[[SourceNode], SourceNode]) -> SourceNode:
    """Returns a node with the node at a path changed, if there is one."""
    if not path:
        return change(node)
    first, *rest = path
    if first not in node.keys:
        return node
    return node.with_keys({**node.keys, first: _changed(node.keys[first], tuple(rest), change)})


def _with_resolved(source: SourceNode, folder: Path) -> SourceNode:
    if source.keys:  # the source of each instrument
        return source.with_keys({name: _with_resolved(each, folder) for name, each in source.keys.items()})
    return replace(source, value=resolve_source(folder, source.text)) if source.text else source


def _with_model(model: SourceNode, folder: Path) -> SourceNode:
    """Returns the path of a language model in the folder of the spec, if there is one; others are unchanged."""
    try:
        is_here = bool(model.text) and not _is_full(model.text) and (folder / expanded_path(model.text)).exists()
    except (OSError, InputError):  # an invalid file name, or a variable that is not set
        is_here = False
    return replace(model, value=str(folder / model.text)) if is_here and folder != Path() else model


def _with_function_folder(features: SourceNode, folder: Path) -> SourceNode:
    """Returns `data.features` with the folder of its function, if that is below the folder of the spec."""
    function, given = features.keys.get("function"), features.keys.get("function_folder")
    if folder == Path():
        return features
    if given is not None:
        is_here = given.text and not _is_full(given.text) and (folder / expanded_path(given.text)).is_dir()
        node = replace(given, value=str(folder / given.text)) if is_here else given
    elif function is not None and _has_module(folder, function.text):
        node = replace(function, value=str(folder))
    else:
        return features
    return features.with_keys({**features.keys, "function_folder": node})


def _has_module(folder: Path, function: str) -> bool:
    """Whether the module of `module:function` is in a folder."""
    name = function.partition(":")[0].partition(".")[0]
    return bool(name) and ((folder / f"{name}.py").is_file() or (folder / name).is_dir())


def resolve_source(folder: Path, source: str) -> str:
    """Returns the path of files in `folder`, relative to the current folder, or `source` if there is no such file."""
    if NAMED_SOURCE.fullmatch(source) or folder == Path():
        return source
    try:
        found = source_paths(folder / expanded_path(source))
        return str(folder / source) if found and not _is_full(source) else source
    except (OSError, InputError):  # an invalid file name, or a variable that is not set
        return source


def searched_folders(folder: Path) -> tuple[Path, ...]:
    """Returns the folders in which a relative path of a file in `folder` is searched."""
    return tuple(dict.fromkeys((folder.absolute(), Path.cwd())))


def _is_full(source: str) -> bool:
    return expanded_path(source).is_absolute()
