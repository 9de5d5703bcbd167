"""The versions of programs that have to be the same on all machines of a study."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from fxai.pool.remote.messages import PROTOCOL, HostHello

_PACKAGES = {"FxAI": "fxai", "torch": "torch"}


def own_versions() -> Mapping[str, str]:
    """Versions of Python (without its last number), FxAI and torch in this process, without importing them.

    Builds of torch for a CPU and for GPUs, "2.9.0+cpu" and "2.9.0+cu130", count as one version.
    """
    versions = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for program, package in _PACKAGES.items():
        try:
            versions[program] = version(package).partition("+")[0]
        except PackageNotFoundError:
            continue
    return versions


def difference(hello: HostHello, versions: Mapping[str, str]) -> str | None:
    """How the host's versions differ from the `versions` of this process, as a sentence. None if they do not."""
    differing = [name for name in versions if hello.versions.get(name, versions[name]) != versions[name]]
    if differing:
        has, own = (_listed(each, differing) for each in (hello.versions, versions))
        return f"it has {has}, and this study runs with {own}; install the same versions on both"
    if hello.protocol != PROTOCOL:
        return (
            f"its messages have version {hello.protocol}, and those of this study have version {PROTOCOL}; "
            "install the same release of FxAI on both"
        )
    return None


def _listed(versions: Mapping[str, str], names: list[str]) -> str:
    return " and ".join(f"{name} {versions[name]}" for name in names)
