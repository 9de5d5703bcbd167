"""Versions of the programs that write agents and checkpoints, without importing torch."""

import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import fxai

_VERSION = re.compile(r"^__version__ = '(.+)'$", re.MULTILINE)


def versions() -> dict[str, str]:
    """Versions of the programs that write an agent's file."""
    return {"fxai": fxai.__version__, "torch": torch_version()}


@cache
def torch_version() -> str:
    """`torch.__version__`, such as `2.9.0+cu130`.

    The version is that of torch's file `version.py`, because the installed package's metadata may lack the part from
    `+` on. An installation without that file, such as a build from sources, has the whole version in its metadata.
    """
    installed = distribution("torch")
    file = Path(str(installed.locate_file("torch/version.py")))
    found = _VERSION.search(file.read_text(encoding="utf-8")) if file.is_file() else None
    return installed.version if found is None else found[1]
