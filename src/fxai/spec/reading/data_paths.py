"""Resolves relative paths of data files in a spec: first in the folder of the spec, then in the current folder."""

from dataclasses import replace
from pathlib import Path

from fxai.errors import InputError
from fxai.spec.fields.data_config import NAMED_SOURCE
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.objective import is_custom
from fxai.spec.fields.source_paths import source_paths
from fxai.spec.reading.merge import CONFIGS
from fxai.spec.yaml.source_node import SourceNode, plain_value

_PLACE = ("data", "source")


def resolve_data_paths(study: SourceNode, base: SourceNode | None, folder: Path) -> SourceNode:
    """Returns a study with its data paths resolved.

    Args:
        study: The study.
        base: The study that it extends.
        folder: The folder of the file that contains the study.
    """
    objective = study.keys.get("objective") or (None if base is None else base.keys.get("objective"))
    if objective is not None and is_custom(plain_value(objective)):
        return study  # the configuration of custom code may have any keys
    placed = {key: _placed(study.keys[key], _PLACE, folder) for key in CONFIGS if key in study.keys}
    return study.with_keys({**study.keys, **placed}) if placed else study


def _placed(node: SourceNode, path: tuple[str, ...], folder: Path) -> SourceNode:
    if not path and node.keys:  # the source of each instrument
        return node.with_keys({name: _placed(each, (), folder) for name, each in node.keys.items()})
    if not path:
        return replace(node, value=resolve_source(folder, node.text)) if node.text else node
    first, *rest = path
    if first not in node.keys:
        return node
    return node.with_keys({**node.keys, first: _placed(node.keys[first], tuple(rest), folder)})


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
