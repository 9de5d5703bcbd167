"""Analysis of a study as a mapping: `analysis["best_trial"]["score"]`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fxai.formatting import assignments
from fxai.metric_text import number_text
from fxai.results.analysis import StudyAnalysis
from fxai.results.html_table import html_table
from fxai.results.record import TrialRecord
from fxai.results.strict_json import json_value
from fxai.results.study_results import StudyResults
from fxai.spec.search.metrics import Metrics

TOP_K = 5


@dataclass(frozen=True)
class Analysis(Mapping[str, Any]):
    """Analysis of a study: a mapping, JSON (`as_json`), and a table in notebooks.

    Keys:
        best_trial: `number`, `score`, `standard_error` with its parts `standard_error_seeds` and
            `standard_error_market` (each None if not known), `params` and `metrics`; None if no trial has completed.
        top_k_trials: A list of such mappings, the best first.
        parameter_importance: The importance of each parameter, the largest first; all shares add up to 1.
        importance_intervals: For each parameter `low` and `high` of the 90 % interval, and `stands_out`, whether the
            importance exceeds chance; None if there are too few trials.
        convergence, stability, edges, remarks: Whether the search has converged, the agreement of the leading trials,
            ranges whose best value lies at an end, and results that need more trials. See `fxai analysis`.

    Attributes:
        found: The same analysis as a typed record.
    """

    found: StudyAnalysis

    @classmethod
    def of(cls, results: StudyResults, top_k: int = TOP_K) -> "Analysis":
        return cls(StudyAnalysis.of(results.study, top=top_k))

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        shares = {each.name: each.share for each in self.found.importances}
        return {
            **self.found.as_json(),
            "best_trial": None if self.found.best is None else _trial(self.found.best),
            "top_k_trials": [_trial(trial) for trial in self.found.top],
            "parameter_importance": shares,
            "importance_intervals": {each.name: each.as_json() for each in self.found.importances},
        }

    def as_json(self) -> dict[str, Any]:
        return dict(self._document)

    def __getitem__(self, key: str) -> Any:
        return self._document[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._document)

    def __len__(self) -> int:
        return len(self._document)

    def _value(self, trial: TrialRecord) -> str:
        if trial.value is None:
            return "none"
        return number_text(self.found.metric, trial.value, trial.standard_error, trading=self.found.trading)

    @property
    def _error_note(self) -> str:
        """What the ± of the trials' values holds; empty if no value has one."""
        return "" if self.found.best is None else self.found.best.errors.explained(trading=self.found.trading)

    def _repr_html_(self) -> str:
        """What a notebook shows: the top trials, then the importances."""
        top = [(str(each.number), self._value(each), assignments(each.params)) for each in self.found.top]
        shares = [(each.name, f"{each.share:.2f}") for each in self.found.importances]
        title = f"{self.found.study}: {self.found.direction} {self.found.metric}"
        sentences = [*filter(None, [self._error_note]), self.found.convergence.reason, *self.found.remarks]
        return (
            html_table(title, ("Trial", self.found.metric, "Parameters"), top)
            + html_table("Importance", ("Parameter", "Share"), shares)
            + html_table("", ("",), [(sentence,) for sentence in sentences])
        )


def _trial(trial: TrialRecord) -> dict[str, Any]:
    return {
        "number": trial.number,
        "score": json_value(trial.value),
        **trial.errors.as_json(),
        **({"scores": json_value(trial.values)} if trial.values else {}),
        "params": json_value(trial.params),
        "metrics": Metrics({name: json_value(value) for name, value in trial.metrics.items()}),
    }
