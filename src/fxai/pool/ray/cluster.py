"""Connects the driver to a Ray cluster, and reads its nodes."""

import os
from collections.abc import Mapping
from typing import Any

import ray

from fxai.pool.ray.messages import NodeFiles, NodeOffer, RayReady, StartRay

_QUIET = {"log_to_driver": False, "configure_logging": False, "ignore_reinit_error": False}
_EXCLUDED = ["**/__pycache__", "*.pyc"]


def connect(start: StartRay) -> RayReady:
    """Connect to the cluster, or start Ray on this machine."""
    arguments: dict[str, Any] = {**start.arguments, **_QUIET, "address": start.address or "local"}
    arguments["runtime_env"] = runtime_env(start.files, arguments.get("runtime_env") or {}, remote=bool(start.address))
    context = ray.init(**arguments)
    return RayReady(dashboard_url(context.dashboard_url), nodes())


def runtime_env(files: NodeFiles, given: Mapping[str, Any], *, remote: bool) -> dict[str, Any]:
    """Ray's runtime environment: that of the user, with the package fxai and the user's files."""
    if not remote:  # the workers of this machine use the same files as the parent
        folder = str(files.package.parent)
        path = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**given, "env_vars": {"PYTHONPATH": path, **given.get("env_vars", {})}}
    own = {} if files.working_dir is None else {"working_dir": str(files.working_dir)}
    modules = [str(files.package), *given.get("py_modules", ())]
    return {"excludes": _EXCLUDED, **own, **given, "py_modules": modules}


def nodes() -> tuple[NodeOffer, ...]:
    """The nodes that are alive."""
    return tuple(
        NodeOffer(node["NodeManagerHostname"], node["NodeManagerAddress"], dict(node["Resources"]))
        for node in ray.nodes()
        if node["Alive"]
    )


def dashboard_url(address: str | None) -> str | None:
    return f"http://{address}" if address else None


def reason_of(error: BaseException) -> str:
    """The first line of an error's message, with its kind."""
    text = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def disconnect() -> None:
    """Disconnect from the cluster. A Ray that this process has started ends."""
    ray.shutdown()
