"""A number for what trainings compute, so that weights are never taken up by an algorithm that has changed since.

It stands in the identity of each checkpoint. `tests/rl/test_numerics.py` holds results of small trainings for it, and
fails where they change and the number does not.
"""

from collections.abc import Mapping

from pydantic import JsonValue

NUMERICS = 1
"""Raise it by one with each change after which a training comes to other numbers, and make new golden results."""

_OF_VERSION = {"0.1.0": 1}  # before there was this number, identities held FxAI's version


def with_numerics(identity: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """An identity with `NUMERICS` among its versions; in one of an earlier release, the number for its version."""
    versions = identity.get("versions")
    if not isinstance(versions, Mapping) or "fxai" not in versions:
        return dict(identity)
    others = {name: version for name, version in versions.items() if name != "fxai"}
    return {**identity, "versions": {"numerics": _OF_VERSION.get(str(versions["fxai"])), **others}}
