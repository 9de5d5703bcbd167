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

    from fxai.results.importances.interval import Importances


@dataclass(frozen=True, slots=True)
class StoredImportances:
    """Shares that add up to 1, the largest first, with the numbers of trials that they are computed from."""

    completed: int
    pruned: int
    shares: Mapping[str, float]
    above_chance: tuple[str, ...] = ()  # parameters whose interval excludes chance; empty in files of earlier releases

    def most_important(self, count: int) -> Mapping[str, float]:
        """The shares of the first parameters whose importance is more than chance."""
        return {name: self.shares[name] for name in self.above_chance[:count] if name in self.shares}


def write_importances(study: "Study", found: "Importances", path: Path) -> Path:
    """Write the importances of a study. Returns the file's path."""
    count = Counter(state_of(trial) for trial in study.get_trials(deepcopy=False))
    completed, pruned = count[StoredState.COMPLETE], count[StoredState.PRUNED]
    document = {
        "study": study.study_name,
        "method": "PED-ANOVA",
        "completed": completed,
        "pruned": pruned,
        "shares": {each.name: each.share for each in found.parameters},
        "above_chance": [each.name for each in found.parameters if each.excludes_chance],
    }
    write_text(path, json_text(document))
    return path


def read_importances(path: Path) -> StoredImportances | None:
    """Read a file of `write_importances`. Returns None if it is missing or damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        pruned = int(document.get("pruned", 0))  # earlier releases counted completed trials alone
        shares = {str(name): float(share) for name, share in document["shares"].items()}
        above_chance = tuple(str(name) for name in document.get("above_chance", ()))
        return StoredImportances(int(document["completed"]), pruned, shares, above_chance)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
