"""The extra `llm`: whether the packages that language models need are installed."""

from collections.abc import Sequence
from importlib.util import find_spec

from fxai.errors import InputError

INSTALL_LLM = "run `pip install 'fxai[llm]'` (in a clone `poetry install --extras llm`)"
PACKAGES = ("transformers", "peft", "accelerate", "gguf")


def check_llm_installed(packages: Sequence[str] = PACKAGES) -> None:
    """Check that the packages are installed. Imports none of them.

    Raises:
        InputError: a package is missing; the message names the extra.
    """
    if missing := [name for name in packages if find_spec(name) is None]:
        verb = "is" if len(missing) == 1 else "are"
        raise InputError(f"language models need {', '.join(missing)}, which {verb} not installed: {INSTALL_LLM}")
