"""The lock file: what Poetry would install over each other, it must not install at all."""

import tomllib
from collections import Counter
from pathlib import Path

LOCK = Path(__file__).parents[1] / "poetry.lock"


def test_no_python_gets_two_versions_of_a_package() -> None:
    """Two versions are fine where each names its own Pythons; packages of CUDA libraries once did not."""
    packages = tomllib.loads(LOCK.read_text())["package"]
    versions = Counter(package["name"] for package in packages)
    for package in packages:
        if versions[package["name"]] > 1:
            assert "python_version" in str(package.get("markers")), f"{package['name']} is locked twice"
