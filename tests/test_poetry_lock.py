"""The lock file has one version of a package for each Python."""

import tomllib
from collections import Counter
from pathlib import Path

LOCK = Path(__file__).parents[1] / "poetry.lock"


def test_no_python_gets_two_versions_of_a_package() -> None:
    """Two versions need markers of their Python versions, which packages of CUDA libraries once lacked."""
    packages = tomllib.loads(LOCK.read_text())["package"]
    versions = Counter(package["name"] for package in packages)
    for package in packages:
        if versions[package["name"]] > 1:
            assert "python_version" in str(package.get("markers")), f"{package['name']} is locked twice"
