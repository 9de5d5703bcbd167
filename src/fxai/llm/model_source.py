"""Where a language model is: a folder with all its files, a GGUF file, or a name on the Hugging Face hub. No torch."""

import re
from pathlib import Path

from fxai.errors import InputError
from fxai.llm.gguf_cache import is_gguf
from fxai.spec.fields.environment import expanded_path

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_TOKENIZER = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_HUB_NAME = re.compile(r"(?:[\w.-]+/)?[\w.-]+")


def find_model(name: str) -> Path | str:
    """The path of the folder or of the GGUF file, or the name on the hub, which is not looked up.

    Args:
        name: As of `ModelSettings`.

    Raises:
        InputError: There is no such model, or a part of it is missing.
    """
    path = expanded_path(name)
    try:
        if path.is_dir():
            _check_folder(path)
            return path
        if path.is_file():
            if not is_gguf(path):
                raise InputError(f"{path} is not a GGUF file: give a GGUF file, or the folder of a model")
            return path
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if path.is_absolute() or name.startswith((".", "~", "$")) or not _HUB_NAME.fullmatch(name):
        raise InputError(f"there is no model at {path}: give the folder of a model, a GGUF file, or a name on the hub")
    return name


def _check_folder(folder: Path) -> None:
    missing = []
    if not (folder / "config.json").is_file():
        missing.append("config.json")
    if not any(next(folder.glob(pattern), None) for pattern in _WEIGHTS):
        missing.append("weights (model.safetensors)")
    if not any((folder / file).is_file() for file in _TOKENIZER):
        missing.append("a tokenizer (tokenizer.json)")
    if missing:
        raise InputError(f"{folder} is not the folder of a language model: it lacks {', '.join(missing)}")
