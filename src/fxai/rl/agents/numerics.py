"""Version number of the numerical results of trainings. A checkpoint of another version is not continued.

The number is in the identity of each checkpoint. `tests/rl/test_numerics.py` has stored results of small trainings and
fails if the results change and the number does not.
"""

from collections.abc import Mapping

from pydantic import JsonValue

NUMERICS = 2
"""Raise by one with each change of numerical results, then store new golden results."""

_OF_VERSION = {"0.1.0": 1}  # identities of earlier releases have FxAI's version instead


def with_numerics(identity: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The identity with `NUMERICS` among its versions. An earlier release's version is replaced by its number."""
    versions = identity.get("versions")
    if not isinstance(versions, Mapping) or "fxai" not in versions:
        return dict(identity)
    others = {name: version for name, version in versions.items() if name != "fxai"}
    return {**identity, "versions": {"numerics": _OF_VERSION.get(str(versions["fxai"])), **others}}
