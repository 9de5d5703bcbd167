"""Provenance of a result: hashes of spec and data, seed and versions. Every result file of a study has it."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from pydantic import JsonValue

import fxai
from fxai.results.strict_json import json_value
from fxai.spec.search.study import StudySpec


def versions() -> dict[str, str]:
    """Versions of FxAI, Optuna, torch and Python."""
    libraries = {name: version(name) for name in ("optuna", "torch")}
    return {"fxai": fxai.__version__} | libraries | {"python": platform.python_version()}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Provenance of a result; `created` is the time of this record, in UTC."""

    spec_hash: str  # SHA-256 of the study's spec with all defaults
    data_hash: str | None  # None for custom code
    seed: int
    versions: Mapping[str, str] = field(default_factory=versions)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, spec: StudySpec, data_hash: str | None) -> "Provenance":
        return cls(spec_hash=spec_hash(spec), data_hash=data_hash, seed=spec.seed)

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "spec_hash": self.spec_hash,
            "data_hash": self.data_hash,
            "seed": self.seed,
            "versions": dict(self.versions),
            "created": json_value(self.created),
        }


def spec_hash(spec: StudySpec) -> str:
    """SHA-256 of the study's spec as canonical JSON. Files with the same meaning have the same hash."""
    document = spec.model_dump(mode="json", exclude={"objective": {"folder"}})
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
