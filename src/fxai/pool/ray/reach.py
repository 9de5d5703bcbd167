"""Checks a Ray cluster before anything is started or written: that it answers, is Ray, fits, and is protected.

`ray.init` waits for minutes for an address that does not answer. So the address is tried by TCP first, then a short
process asks the cluster for its versions and nodes. For a cluster on other machines, a second one asks without a
token: a cluster that answers runs code of everyone who reaches it.
"""

import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from fxai.errors import InputError
from fxai.pool.ray.messages import NodeOffer
from fxai.protocol.wire import from_document
from fxai.spec.fields.engine import AUTO

CONNECT_SECONDS = 3.0  # for each address of a host
ANSWER_SECONDS = 6.0  # for a process to import Ray and to ask the cluster
_PROBE = "fxai.pool.ray.cluster_probe"
_TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE")
_INSTALL = "run pip install 'fxai[ray]' (in a clone poetry install --extras ray)"


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What a cluster answers."""

    ray: str  # version
    python: str
    nodes: tuple[NodeOffer, ...]  # that are alive


def check_installed(*, dashboard: bool) -> None:
    """Check that Ray is installed, and its dashboard if that is wanted.

    Raises:
        InputError: it is not; the message names the extra.
    """
    if find_spec("ray") is None:
        raise InputError(f"the engine ray is not installed: {_INSTALL}, or use the engine local")
    if dashboard and find_spec("aiohttp_cors") is None:
        raise InputError(f"Ray is installed without its dashboard: {_INSTALL}, or remove include_dashboard")


def found_address(address: str | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The address with `auto` resolved, as Ray does. None if FxAI has to start Ray.

    Raises:
        InputError: this machine is no node of a cluster.
    """
    named = environment.get("RAY_ADDRESS", "")
    if address not in {None, AUTO}:
        return address
    if named and named not in {AUTO, "local"}:
        return named
    if address is None and named != AUTO:
        return None
    folder = environment.get("RAY_TMPDIR") or environment.get("TMPDIR") or "/tmp"  # noqa: S108 - Ray's own
    try:
        return (Path(folder) / "ray" / "ray_current_cluster").read_text().strip()
    except OSError:
        raise InputError(
            "ray_address is auto, and no Ray runs on this machine: make it a node of the cluster by `ray start "
            "--address HOST:PORT`, or give the address of the cluster's head"
        ) from None


def check_cluster(address: str, *, unprotected: bool) -> ClusterFacts:
    """Check the cluster at an address.

    Args:
        address: Host and port of the cluster's head.
        unprotected: Whether a cluster on other machines may be open to everyone.

    Raises:
        InputError: It does not answer, has other versions, does not have this machine, or is open to everyone.
    """
    host, _, port = address.rpartition(":")
    _connect(host.strip("[]"), int(port), address)
    local = is_this_machine(host.strip("[]"))
    with ThreadPoolExecutor(2) as threads:
        known = threads.submit(_asked, address, dict(os.environ))
        open_to_all = threads.submit(answers_without_token, address) if not (local or unprotected) else None
        facts = _facts(known.result(), address)
        if open_to_all is not None and open_to_all.result():
            raise InputError(
                f"the Ray cluster at {address} runs code of everyone who reaches it. Turn authentication on: set "
                "RAY_AUTH_MODE=token on all nodes before `ray start`, and copy ~/.ray/auth_token, which `ray "
                "get-auth-token --generate` writes, to each node. To use the cluster nevertheless: --ray-unprotected"
            )
    _check_facts(facts, address)
    return facts


def is_this_machine(host: str) -> bool:
    """Whether every address of the host is one of this machine's."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)}
    except OSError:
        return False
    return bool(found) and all(map(_is_own, found))


def answers_without_token(address: str) -> bool:
    """Whether the cluster answers a process that has no token."""
    with tempfile.TemporaryDirectory() as home:  # without the file of a token
        others = {name: value for name, value in os.environ.items() if name not in _TOKENS}
        return "ray" in _asked(address, {**others, "RAY_AUTH_MODE": "disabled", "HOME": home})


def _is_own(address: str) -> bool:
    """Whether a socket of this machine can have the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as own:
        try:
            own.bind((address.partition("%")[0], 0))
        except OSError:
            return False
    return True


def _connect(host: str, port: int, address: str) -> None:
    try:
        with socket.create_connection((host, port), CONNECT_SECONDS):
            return
    except OSError as error:
        reason = "it does not answer" if isinstance(error, TimeoutError) else (error.strerror or error)
    raise InputError(
        f"there is no Ray cluster at {address} (ray_address): {reason}. Give the address that `ray start --head` "
        "printed"
    )


def _asked(address: str, environment: Mapping[str, str]) -> dict[str, object]:
    """The answer of `cluster_probe.py`; empty without one."""
    package = str(Path(__file__).parents[3])
    path = os.pathsep.join([package, *filter(None, [environment.get("PYTHONPATH")])])
    command = [sys.executable, "-m", _PROBE, address]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env={**environment, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _facts(answer: Mapping[str, object], address: str) -> ClusterFacts:
    if answer.get("error") == "AuthenticationError":
        raise InputError(
            f"the Ray cluster at {address} refuses the token of this machine: set RAY_AUTH_MODE=token, and put the "
            "cluster's token (`ray get-auth-token` on its head) into ~/.ray/auth_token or RAY_AUTH_TOKEN"
        )
    ray, python, nodes = answer.get("ray"), answer.get("python"), answer.get("nodes")
    if not isinstance(ray, str) or not isinstance(python, str) or not isinstance(nodes, list):
        raise InputError(
            f"what listens at {address} (ray_address) is no Ray cluster that answers: give the address that "
            "`ray start --head` printed"
        )
    return ClusterFacts(ray, python, tuple(from_document(NodeOffer, node) for node in nodes))


def _check_facts(facts: ClusterFacts, address: str) -> None:
    own = (version("ray"), platform.python_version())
    if (facts.ray, facts.python) != own:
        raise InputError(
            f"the Ray cluster at {address} has Ray {facts.ray} and Python {facts.python}, and FxAI runs with Ray "
            f"{own[0]} and Python {own[1]}: Ray needs the same versions on all nodes"
        )
    if not any(_is_own(node.address) for node in facts.nodes):
        raise InputError(
            f"this machine is no node of the Ray cluster at {address}: run `ray start --address {address} "
            "--num-cpus 0` on it, which adds no work to it, and give this address again"
        )
