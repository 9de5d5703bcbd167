"""Marks of tests that some machines cannot run. Each reason names what is missing and how to get it."""

import shutil
import sys

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium or Chrome: install a package such as `chromium` (apt), and put it on PATH"
)


def needs_linux(interface: str) -> pytest.MarkDecorator:
    """Skips a test of an interface that only Linux has."""
    return pytest.mark.skipif(sys.platform != "linux", reason=f"needs Linux: only Linux has {interface}")
