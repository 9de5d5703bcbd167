"""`training.json`: identity and results of the training in a folder. Only the same training resumes there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fxai.atomic_write import write_text
from fxai.errors import InputError
from fxai.protocol import TrialPaths
from fxai.results.provenance import versions
from fxai.results.strict_json import json_text
from fxai.results.training.plan import TrainingPlan
from fxai.rl.agents.numerics import NUMERICS, with_numerics
from fxai.spec.search.fingerprint import difference

FORMAT = "fxai training 1"
_NAME = "training.json"


@dataclass(frozen=True, slots=True)
class SeedResult:
    """Result of the training of one seed."""

    seed: int
    value: float
    metrics: Mapping[str, float]


class TrainingFile:
    """The file `training.json` of a training's folder."""

    def __init__(self, folder: Path, plan: TrainingPlan, data_hash: str | None, device: str) -> None:
        self._folder, self._plan = folder, plan
        data: JsonValue = {} if data_hash is None else {"sha256": data_hash}
        deciding: dict[str, JsonValue] = {"numerics": NUMERICS, "torch": versions()["torch"]}
        own: dict[str, JsonValue] = {"device": device, "versions": deciding}  # a change of these may change the agent
        self._identity: dict[str, JsonValue] = {**plan.identity(), "data": data, **({} if plan.is_custom else own)}

    @property
    def path(self) -> Path:
        return self._folder / _NAME

    def begin(self) -> tuple[SeedResult, ...]:
        """Start the training in the folder, or resume it.

        Returns:
            The results if the training has ended already; else empty.

        Raises:
            InputError: The folder has another training; the message lists the differences.
        """
        if not self.path.exists():
            self._check_unused()
            self._write(())
            return ()
        document = self._read()
        if changes := difference(with_numerics(document["identity"]), json.loads(json.dumps(self._identity))):
            raise InputError(
                f"{self._folder} has another training, which this command cannot resume: {'; '.join(changes)}. "
                "Name another folder with --save-path, or delete this one to begin anew"
            )
        return tuple(SeedResult(**each) for each in document["results"])

    def end(self, results: Sequence[SeedResult]) -> None:
        """Write the results of all seeds."""
        self._write(results)

    def _check_unused(self) -> None:
        """Refuse a folder with checkpoints of other trainings, from which custom code would continue."""
        kept = TrialPaths(self._folder).checkpoint_dir
        if kept.exists() and any(kept.iterdir()):
            raise InputError(
                f"{kept} has files of an earlier training; delete it, or name another folder with --save-path"
            )

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path} cannot be read: {error}; name another folder with --save-path") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise InputError(
                f"{self.path} is not from a training of this version; name another folder with --save-path"
            )
        return document

    def _write(self, results: Sequence[SeedResult]) -> None:
        document = {
            "format": FORMAT,
            "name": self._plan.name,
            "trial": self._plan.trial,
            "metric": self._plan.metric,
            "results": [{"seed": each.seed, "value": each.value, "metrics": each.metrics} for each in results],
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "identity": self._identity,
        }
        write_text(self.path, json_text(document))
