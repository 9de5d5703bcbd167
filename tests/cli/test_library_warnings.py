"""No warning with a path of a library reaches a user."""

import subprocess
import sys
from pathlib import Path

import optuna

SCRIPT = """
import sys, warnings
from fxai.cli.library_warnings import hide_library_warnings
hide_library_warnings()
warnings.warn_explicit("of a library", UserWarning, sys.argv[1], 1)
warnings.warn_explicit("of my code", UserWarning, "/home/me/mine.py", 1)
"""


def shown(*options: str) -> str:
    library = str(Path(optuna.__file__).parent / "distributions.py")
    command = [sys.executable, *options, "-c", SCRIPT, library]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def test_warnings_of_libraries_are_hidden_and_those_of_own_code_shown() -> None:
    told = shown()
    assert "of my code" in told
    assert "of a library" not in told


def test_python_warning_options_show_all_warnings() -> None:
    assert "of a library" in shown("-W", "default")
