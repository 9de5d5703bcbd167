"""Loads a causal language model and its tokenizer. The only file that imports transformers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from fxai.errors import InputError
from fxai.llm.extra import check_llm_installed
from fxai.llm.four_bit import check_four_bit
from fxai.llm.gguf_cache import converted_folder
from fxai.llm.model_settings import ModelSettings
from fxai.llm.model_source import find_model


class Tokenizer(Protocol):
    """What is used of a tokenizer."""

    eos_token_id: int | None

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """The tokens of a text."""
        ...


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A causal language model whose own weights are not trained."""

    network: nn.Module
    tokenizer: Tokenizer
    name: str  # of `ModelSettings`
    end_token: int  # ends an answer
    context: int  # largest number of tokens of a prompt with its answer
    device: torch.device
    shares_beginnings: bool
    """Whether prompts of a pass may share the activations of their first tokens. Layers that compute their activations
    again cannot."""


def load_language_model(settings: ModelSettings, device: str = "cpu") -> LanguageModel:
    """Load a model from a folder, a GGUF file, or the Hugging Face hub.

    A GGUF file is converted to a folder of the user's cache when it is first loaded. Weights are float32 on a CPU and
    bfloat16 on a GPU.

    Args:
        settings: The model.
        device: "cpu" or "cuda:N".

    Raises:
        InputError: The extra `llm` is not installed, there is no such model, a part of it is missing or unreadable, or
            4 bit do not work on the device.
    """
    check_llm_installed()
    if settings.use_4bit:
        check_four_bit(settings.quantization_type, device)
    source = _source(settings.name)
    network = _load_network(source, settings, device)
    tokenizer = _load_tokenizer(source, settings.name)
    if tokenizer.eos_token_id is None:
        raise InputError(f"{settings.name}: the tokenizer has no end token (eos_token), which ends an answer")
    return LanguageModel(
        network=network,
        tokenizer=tokenizer,
        name=settings.name,
        end_token=tokenizer.eos_token_id,
        context=_context(network),
        device=torch.device(device),
        shares_beginnings=not settings.gradient_checkpointing,
    )


def _source(name: str) -> str:
    """The folder, or the name on the hub."""
    found = find_model(name)
    if not isinstance(found, Path) or found.is_dir():
        return str(found)
    try:
        return str(converted_folder(found, _convert_gguf))
    except OSError as error:
        raise InputError(f"{found} cannot be read: {error.strerror or error}") from error


def _load_network(source: str, settings: ModelSettings, device: str) -> nn.Module:
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig  # noqa: PLC0415 - of an extra

    kind = torch.float32 if device == "cpu" else torch.bfloat16
    arguments: dict[str, Any] = {}
    if settings.use_4bit:
        arguments["device_map"] = {"": device}
        arguments["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type=settings.quantization_type, bnb_4bit_compute_dtype=kind
        )
    _silence()
    try:
        network, found = AutoModelForCausalLM.from_pretrained(
            source, dtype=kind, attn_implementation="sdpa", output_loading_info=True, **arguments
        )
    except Exception as error:
        raise InputError(
            f"{settings.name} cannot be loaded as a causal language model{_where(source)}: {_first_line(error)}"
        ) from error
    if missing := sorted(found["missing_keys"]):
        raise InputError(f"{settings.name}: the file of the weights lacks {', '.join(missing[:3])}")
    if not settings.use_4bit:
        network.to(device)
    network.requires_grad_(False)
    network.eval()
    if settings.use_4bit:
        _keep_trainable(network)
    if settings.gradient_checkpointing:
        _checkpoint_gradients(network, settings.name)
    loaded: nn.Module = network
    return loaded


def _keep_trainable(network: nn.Module) -> None:
    """Have gradients pass the layers of 4 bit also after a pass without gradients.

    In eval mode bitsandbytes packs the weights of a layer for such passes on a CPU, and then passes no gradient.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.training = True


def _checkpoint_gradients(network: Any, name: str) -> None:
    """Have the layers compute their activations again. They do so only in training mode; their parts stay in eval."""
    if not network.supports_gradient_checkpointing:
        raise InputError(f"{name}: this kind of model has no gradient_checkpointing")
    network.activation_checkpointing_enable({"use_reentrant": False})
    for module in network.modules():
        if getattr(module, "gradient_checkpointing", False):
            module.training = True


def _load_tokenizer(source: str, name: str) -> Tokenizer:
    from transformers import AutoTokenizer  # noqa: PLC0415 - of an extra

    try:
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(source)
    except Exception as error:
        raise InputError(f"{name}: the tokenizer cannot be loaded: {_first_line(error)}") from error
    return tokenizer


def _convert_gguf(file: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415 - of an extra

    _silence()
    try:
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        network = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    except Exception as error:  # gguf and transformers raise errors of many kinds
        raise InputError(f"{file} cannot be read as a GGUF language model: {_first_line(error)}") from error
    network.hf_quantizer = None  # else the model can be neither saved nor quantized
    network.config.quantization_config = None
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _context(network: Any) -> int:
    """Largest number of tokens. With a sliding window, tokens beyond the window are not seen."""
    config = network.config.get_text_config()
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    limits = [getattr(config, "max_position_embeddings", None), window]
    return min((limit for limit in limits if isinstance(limit, int)), default=2**31)


def _where(source: str) -> str:
    return "" if Path(source).is_dir() else " from the Hugging Face hub, and there is no folder of this name"


def _first_line(error: Exception) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _silence() -> None:
    """No progress bars and warnings of transformers: errors are raised, and nothing else is the user's concern."""
    from transformers.utils import logging  # noqa: PLC0415 - of an extra

    logging.set_verbosity_error()
    logging.disable_progress_bar()
