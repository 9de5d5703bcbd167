"""What a study's trials say together, to be subscripted: `analysis["best_trial"]["score"]`."""

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
    """An analysis as a mapping, as JSON and as a table in notebooks; `found` is the typed record of the same.

    best_trial: `number`, `score`, `standard_error` (None with one seed a trial), `params` and `metrics`; None where
        no trial is complete.
    top_k_trials: a list of such, the best first.
    parameter_importance: each parameter's share of what makes trials good, the largest first; all add up to 1.
    importance_intervals: for each of them, low and high of the interval that holds 90 % of what random halves of the
        trials give, and whether it stands out from chance; None where the trials are too few to say.
    convergence, stability, edges, remarks: whether the search has settled, what the best trials agree on, ranges whose
        best values lie at an end, and what cannot be said for want of trials. See `fxai analysis`.
    """

    found: StudyAnalysis

    @classmethod
    def of(cls, results: StudyResults, top_k: int = TOP_K) -> "Analysis":
        return cls(StudyAnalysis.of(results.study, top=top_k))

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        shares = {each.name: each.share for each in self.found.importances}
        return {
            **self.found.as_json(),
            "best_trial": None if self.found.best is None else _trial(self.found.best),
            "top_k_trials": [_trial(trial) for trial in self.found.top],
            "parameter_importance": shares,
            "importance_intervals": {each.name: each.as_json() for each in self.found.importances},
        }

    def as_json(self) -> dict[str, Any]:
        return dict(self._told)

    def __getitem__(self, key: str) -> Any:
        return self._told[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def _value(self, trial: TrialRecord) -> str:
        if trial.value is None:
            return "none"
        return number_text(self.found.metric, trial.value, trial.standard_error, trading=self.found.trading)

    def _repr_html_(self) -> str:
        """What a notebook shows: the top trials, then the importances."""
        top = [(str(each.number), self._value(each), assignments(each.params)) for each in self.found.top]
        matters = [(each.name, f"{each.share:.2f}") for each in self.found.importances]
        title = f"{self.found.study}: {self.found.direction} {self.found.metric}"
        said = [self.found.convergence.reason, *self.found.remarks]
        return (
            html_table(title, ("Trial", self.found.metric, "Parameters"), top)
            + html_table("Importance", ("Parameter", "Share"), matters)
            + html_table("", ("",), [(sentence,) for sentence in said])
        )


def _trial(trial: TrialRecord) -> dict[str, Any]:
    return {
        "number": trial.number,
        "score": json_value(trial.value),
        "standard_error": json_value(trial.standard_error),
        **({"scores": json_value(trial.values)} if trial.values else {}),
        "params": json_value(trial.params),
        "metrics": Metrics({name: json_value(value) for name, value in trial.metrics.items()}),
    }
