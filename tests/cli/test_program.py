"""`python -m fxai`."""

import subprocess
import sys

import fxai


def test_the_package_is_the_program() -> None:
    shown = subprocess.run([sys.executable, "-m", "fxai", "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout == f"fxai {fxai.__version__}\n"
