"""A study with everything that several sections of its report use, computed once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from optuna import Study

from fxai.metric_text import axis_format, difference_text, number_text
from fxai.results.analysis import StudyAnalysis
from fxai.results.gain import Difference, over_trial_0
from fxai.results.importances.interval import Importances
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.report.scales import Scale, scales_of
from fxai.search import attributes
from fxai.search.study_views import first_objective_view
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.search.first_trial import first_trial_in
from fxai.spec.search.metric_goals import Goal


@dataclass(frozen=True)
class StudyInfo:
    """A study for its report. With several objectives, `study` and `goal` are for the first one."""

    study: Study  # by its first objective
    stored: Study
    record: StudyRecord
    analysis: StudyAnalysis
    paths: StudyPaths
    location: StudyLocation | None = None  # None if the database is not known, as for a results file

    @classmethod
    def of(
        cls, study: Study, paths: StudyPaths, storage: str | None, importances: Importances | None = None
    ) -> "StudyInfo":
        record = StudyRecord.of(study)
        location = None if storage is None else StudyLocation(storage, paths.results_dir)
        analysis = StudyAnalysis.of(study, importances=importances)
        return cls(first_objective_view(study), study, record, analysis, paths, location)

    @cached_property
    def goal(self) -> Goal:
        return next(goal for goal in self.record.goals if goal.metric == self.record.metric)

    @property
    def goals(self) -> Sequence[str]:
        """`maximize sharpe`, one for each objective."""
        return [f"{goal.direction} {goal.metric}" for goal in self.record.goals]

    @cached_property
    def scales(self) -> Mapping[str, Scale]:
        return scales_of(self.stored)

    @cached_property
    def own(self) -> Sequence[TrialRecord]:
        """The trials that count, in the order of their numbers."""
        return [trial for trial in self.record.trials if not trial.uncounted]

    @cached_property
    def ranked(self) -> Sequence[TrialRecord]:
        """The completed trials with a finite value, the best first."""
        valued = [trial for trial in self.own if trial.value is not None and math.isfinite(trial.value)]
        return sorted(valued, key=lambda trial: (self.goal.loss(trial.value or 0.0), trial.number))

    @cached_property
    def default(self) -> TrialRecord | None:
        """Trial 0 if FxAI chose its parameters; None for a user's trial and for a member of a population."""
        if not self.record.trials or self.record.trials[0].exploits:
            return None
        first = self.stored.get_trials(deepcopy=False)[0]
        return self.record.trials[0] if first.user_attrs.get(attributes.ENQUEUED) == "default" else None

    @cached_property
    def gain(self) -> Difference | None:
        """The gain of the best trial over trial 0, if FxAI chose the parameters of trial 0."""
        return None if self.default is None else over_trial_0(self.record, self.paths)

    @property
    def default_name(self) -> str:
        """What trial 0 is, for a legend: `default configuration`, `starting point`."""
        return first_trial_in(self.fingerprint).removeprefix("the ").partition(" (")[0]

    def value_text(self, value: float, error: float | None = None) -> str:
        """A value of the study's metric as text."""
        return number_text(self.record.metric, value, error, trading=self.trading)

    def difference_text(self, difference: float, error: float | None) -> str:
        """A difference of two values of the study's metric as text."""
        return difference_text(self.record.metric, difference, error, trading=self.trading)

    @property
    def metric_axis(self) -> dict[str, str]:
        """Settings of a plotly axis for the study's metric."""
        return {"title": self.record.metric, **axis_format(self.record.metric, trading=self.trading)}

    @property
    def tick_format(self) -> dict[str, str]:
        """Settings of a plotly colour bar for the study's metric."""
        return {name: form for name, form in self.metric_axis.items() if name == "tickformat"}

    @property
    def trading(self) -> bool:
        """Whether the trials train FxAI's agents, so that FxAI measures their metrics."""
        return self.record.trading

    @cached_property
    def fingerprint(self) -> Mapping[str, Any]:
        """The study's fingerprint; empty for a study of another program."""
        stored = self.stored.user_attrs.get(attributes.FINGERPRINT)
        return stored if isinstance(stored, dict) else {}


def folded_data(info: StudyInfo) -> DataConfig | None:
    """The data of a study with folds, from its fingerprint; None for other studies."""
    training_config: Any = info.fingerprint.get("training_config")
    source: Any = info.fingerprint.get("data")
    if not isinstance(training_config, dict) or not isinstance(source, dict) or "data" not in training_config:
        return None
    config = DataConfig.model_validate({**training_config["data"], "source": source["source"]})
    return config if config.split.folds > 1 else None


def state_text(state: str) -> str:
    """A trial's state as text: `completed`, `failed`, `pruned`, `running`."""
    return {"COMPLETE": "completed", "FAIL": "failed"}.get(state, state.lower())
