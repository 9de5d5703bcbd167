"""Safetensors files: named tensors and a JSON header, written atomically, without pickle."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from fxai.atomic_write import write_bytes
from fxai.errors import InputError
from fxai.market.rules.compiled import Array
from fxai.rl.training.lane_program import Arrays

_HEADER = "fxai"


def write_tensors(path: Path, header: Mapping[str, JsonValue], tensors: Arrays, *, durable: bool = True) -> None:
    """Write or replace the file; see `atomic_write` for `durable`.

    Raises:
        FxaiError: If the file cannot be written.
    """
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    write_bytes(path, save(contiguous, {_HEADER: json.dumps(header)}), durable=durable)


def read_tensors(path: Path) -> tuple[dict[str, JsonValue], dict[str, Array]]:
    """Header and tensors of a file of `write_tensors`.

    Raises:
        InputError: If the file is missing, damaged, or of another program.
    """
    try:
        with safe_open(path, framework="np") as file:
            header = (file.metadata() or {}).get(_HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as a safetensors file: {error}") from error
    if header is None:
        raise InputError(f"{path} was not written by FxAI: it has no FxAI header")
    try:
        content = json.loads(header)
    except ValueError as error:
        raise InputError(f"{path} is damaged: its header is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} is damaged: its header is not a mapping")
    return content, tensors
