"""`importances.json`: importances of a study's parameters, stored because computing them takes seconds."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fxai.atomic_write import write_text
from fxai.results.strict_json import json_text
from fxai.search.stored_trial import StoredState, state_of

if TYPE_CHECKING:  # reading the file does not load Optuna
    from optuna import Study


@dataclass(frozen=True, slots=True)
class StoredImportances:
    """Shares that add up to 1, the largest first, with the numbers of trials that they are computed from."""

    completed: int
    pruned: int
    shares: Mapping[str, float]


def write_importances(study: "Study", path: Path) -> Path:
    """Compute a study's importances and write them. Returns the file's path."""
    count = Counter(state_of(trial) for trial in study.get_trials(deepcopy=False))
    completed, pruned = count[StoredState.COMPLETE], count[StoredState.PRUNED]
    shares = _computed(study) if completed > 1 else {}
    document = {
        "study": study.study_name,
        "method": "PED-ANOVA",
        "completed": completed,
        "pruned": pruned,
        "shares": shares,
    }
    write_text(path, json_text(document))
    return path


def _computed(study: "Study") -> Mapping[str, float]:
    from fxai.results.importances.importance import importances  # noqa: PLC0415 - it takes seconds to load

    return importances(study)


def read_importances(path: Path) -> StoredImportances | None:
    """Read a file of `write_importances`. Returns None if it is missing or damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        pruned = int(document.get("pruned", 0))  # earlier releases counted completed trials alone
        return StoredImportances(
            int(document["completed"]), pruned, {str(k): float(v) for k, v in document["shares"].items()}
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
