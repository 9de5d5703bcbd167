"""Adapters in peft's own format: `adapter_config.json` and `adapter_model.safetensors` of a folder.

peft itself is not imported: it takes seconds, because it imports bitsandbytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from fxai.atomic_write import write_bytes, write_text
from fxai.errors import InputError
from fxai.llm.lora_layout import AdaptedLayer, LoraLayout
from fxai.llm.lora_settings import LoraSettings

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_PLAIN: Mapping[str, object] = {  # settings of peft that change what an adapter computes, at their defaults
    "peft_type": "LORA",
    "bias": "none",
    "use_rslora": False,
    "use_dora": False,
    "lora_bias": False,
    "rank_pattern": {},
    "alpha_pattern": {},
    "modules_to_save": None,
    "layers_to_transform": None,
    "fan_in_fan_out": False,
}


@dataclass(frozen=True, slots=True)
class Adapter:
    """The adapter of one trial."""

    settings: LoraSettings
    layout: LoraLayout  # of the rank `settings.lora_r`
    weights: Tensor  # [size]
    model: str  # name of the model that it adapts


def save_adapter(folder: Path, adapter: Adapter) -> None:
    """Write the adapter; peft's `PeftModel.from_pretrained(model, folder)` loads it.

    Raises:
        FxaiError: A file cannot be written.
    """
    settings = adapter.settings
    config = {
        **_PLAIN,
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": adapter.model,
        "r": settings.lora_r,
        "lora_alpha": settings.lora_alpha,
        "lora_dropout": settings.lora_dropout,
        "target_modules": sorted(settings.target_modules),
        "init_lora_weights": True,
        "inference_mode": True,
    }
    tensors = {}
    for layer, (a, b) in zip(adapter.layout.layers, adapter.layout.matrices(adapter.weights[None]), strict=True):
        for kind, matrix in (("lora_A", a), ("lora_B", b)):
            tensors[f"{_PREFIX}{layer.name}.{kind}.weight"] = matrix[0].contiguous().cpu()
    write_bytes(folder / _WEIGHTS, save(tensors, {"format": "pt"}))
    write_text(folder / _CONFIG, json.dumps(config, indent=2, sort_keys=True) + "\n")


def load_adapter(folder: Path, layers: Sequence[AdaptedLayer]) -> Adapter:
    """Read an adapter of `save_adapter` or of peft.

    Args:
        folder: The adapter's folder.
        layers: The linear layers of the model that may be adapted.

    Raises:
        InputError: A file is missing or damaged, the adapter has settings that FxAI does not know, or it is one of
            another model.
    """
    config = _read_config(folder / _CONFIG)
    settings = LoraSettings(
        lora_r=config["r"],
        lora_alpha=config["lora_alpha"],
        lora_dropout=config["lora_dropout"],
        target_modules=tuple(sorted(config["target_modules"])),
    )
    tensors = _read_weights(folder / _WEIGHTS)
    names = {name.removeprefix(_PREFIX).rpartition(".lora_")[0] for name in tensors}
    adapted = tuple(layer for layer in layers if layer.name in names)
    layout = LoraLayout(adapted, settings.lora_r)
    if len(adapted) != len(names) or not adapted:
        unknown = sorted(names - {layer.name for layer in adapted})
        raise InputError(f"{folder} is the adapter of another model: this one has no layer {', '.join(unknown[:3])}")
    weights = torch.zeros(1, layout.size)
    for layer, (a, b) in zip(adapted, layout.matrices(weights), strict=True):
        for kind, matrix in (("lora_A", a), ("lora_B", b)):
            found = tensors.get(f"{_PREFIX}{layer.name}.{kind}.weight")
            if found is None or found.shape != matrix.shape[1:]:
                raise InputError(f"{folder} is the adapter of another model: {kind} of {layer.name} does not fit")
            matrix[0] = found
    return Adapter(settings, layout, weights[0], str(config["base_model_name_or_path"]))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as the configuration of an adapter: {error}") from error
    missing = {"r", "lora_alpha", "lora_dropout", "target_modules", "base_model_name_or_path"} - set(config)
    if missing or not isinstance(config["target_modules"], list):
        raise InputError(f"{path} is not the configuration of a LoRA adapter with a list of target_modules")
    for key, plain in _PLAIN.items():
        if (config.get(key, plain) or plain) != plain:
            raise InputError(f"{path}: FxAI does not compute adapters with {key}: {config[key]}")
    return dict(config)


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} cannot be read as the weights of an adapter: {error}") from error
    return tensors
