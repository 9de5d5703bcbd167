"""Named tensors and a JSON header in one safetensors file, written whole or not at all. No pickle."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from fxai.atomic_write import write_bytes
from fxai.errors import InputError

_HEADER = "fxai"


def write_tensors(
    path: Path, header: Mapping[str, JsonValue], tensors: Mapping[str, Tensor], *, durable: bool = True
) -> None:
    """Make the file, or replace it; an FxaiError where it cannot be written. See `whole_file` on `durable`."""
    content = save({name: t.contiguous().cpu() for name, t in tensors.items()}, {_HEADER: json.dumps(header)})
    write_bytes(path, content, durable=durable)


def read_tensors(path: Path) -> tuple[dict[str, JsonValue], dict[str, Tensor]]:
    """What `write_tensors` wrote; an InputError for a file that is missing, damaged or another program's."""
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(_HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as a safetensors file: {error}") from error
    if header is None:
        raise InputError(f"{path} was not written by FxAI: it holds no FxAI header")
    return json.loads(header), tensors
