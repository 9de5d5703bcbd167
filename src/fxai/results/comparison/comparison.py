"""Comparison of studies by common metrics and parameters. Studies with different goals are in separate groups."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from fxai.errors import InputError
from fxai.results.comparison.best_so_far import first_at
from fxai.results.comparison.compared import ComparedStudy
from fxai.results.comparison.comparison_summary import cautions, comparison_summary
from fxai.results.comparison.reference import StudyReference, labels
from fxai.spec.search.metric_goals import Goal

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Reached:
    """When a study reached the worst of the best values; `seconds` is None if times are not known."""

    finished: int
    seconds: float | None

    def as_json(self) -> dict[str, JsonValue]:
        return {"finished": self.finished, "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class Group:
    """Studies with the same metric and direction, the better best values first."""

    goal: Goal
    studies: Sequence[ComparedStudy]
    level: float | None  # the worst of their best values; None if fewer than two studies have one
    summary: str  # which study is better and by how much
    cautions: Sequence[str]  # reasons against a comparison of the values

    @classmethod
    def of(cls, goal: Goal, studies: Sequence[ComparedStudy]) -> "Group":
        ranked = sorted(studies, key=lambda study: _loss(study, goal))
        bests = [study.best.value for study in ranked if study.best is not None and study.best.value is not None]
        level = bests[-1] if len(bests) >= _FEWEST else None
        return cls(goal, tuple(ranked), level, comparison_summary(goal, ranked), tuple(cautions(studies)))

    def reached(self, study: ComparedStudy) -> Reached | None:
        """When the study reached the level; None if never."""
        if self.level is None:
            return None
        finished = first_at(study.progress.over_trials, self.level, self.goal)
        seconds = first_at(study.progress.over_time, self.level, self.goal)
        return None if finished is None else Reached(int(finished), seconds)

    def as_json(self) -> dict[str, JsonValue]:
        reached = {study.label: self.reached(study) for study in self.studies}
        return {
            "metric": self.goal.metric,
            "direction": self.goal.direction,
            "studies": [study.label for study in self.studies],
            "verdict": self.summary,
            "cautions": list(self.cautions),
            "level": self.level,
            "reached": {label: None if each is None else each.as_json() for label, each in reached.items()},
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of two or more studies."""

    studies: Sequence[ComparedStudy]
    groups: Sequence[Group]

    @classmethod
    def of(
        cls, named: Sequence[StudyReference], by: str | None = None, results_dir: Path | None = None
    ) -> "Comparison":
        """Read the studies and compare them.

        Args:
            named: The studies.
            by: Another metric of their trials; None for the metric that each study optimises.
            results_dir: Folder of the studies' files, for their verdicts.

        Raises:
            InputError: There are fewer than two studies, or one does not exist or does not have the metric.
        """
        if len(named) < _FEWEST:
            only = "" if not named else f"; only {named[0].name!r} is given"
            raise InputError(f"a comparison needs at least two studies{only}")
        studies = tuple(
            ComparedStudy.of(each.load(), label, each.database, by, results_dir)
            for each, label in zip(named, labels(named), strict=True)
        )
        goals = dict.fromkeys((study.goal.metric, study.goal.direction) for study in studies)
        together = [[each for each in studies if (each.goal.metric, each.goal.direction) == goal] for goal in goals]
        return cls(studies, tuple(Group.of(each[0].goal, each) for each in together))

    @property
    def shared(self) -> tuple[str, ...]:
        """Parameters of at least two studies, the most important first."""
        return tuple(path for path in self._paths() if len(self.studies_with(path)) >= _FEWEST)

    @property
    def unshared(self) -> dict[str, tuple[str, ...]]:
        """By study, the parameters that no other study has."""
        alone = {
            study.label: tuple(p for p in study.parameters if len(self.studies_with(p)) < _FEWEST)
            for study in self.studies
        }
        return {label: paths for label, paths in alone.items() if paths}

    @property
    def important(self) -> tuple[str, ...]:
        """All parameters with an importance in any study, the most important first."""
        return tuple(path for path in self._paths() if _shares(self.studies, path))

    def studies_with(self, path: str) -> list[ComparedStudy]:
        return [study for study in self.studies if path in study.parameters]

    def leaders_agree(self, path: str) -> bool | None:
        """Whether the leading trials of all studies with the parameter agree on it.

        Numbers: the middle 80 % of the studies' values overlap. Choices: the most frequent choice is the same. None
        if the values of one study are not known.
        """
        leaders = [study.parameters[path].leaders for study in self.studies_with(path)]
        known = [each for each in leaders if each is not None]
        if len(known) < len(leaders) or len(known) < _FEWEST:
            return None
        lows = [each.low for each in known if isinstance(each.low, int | float)]
        highs = [each.high for each in known if isinstance(each.high, int | float)]
        if not lows:
            return len({each.choice for each in known}) == 1
        return max(lows) <= min(highs) if len(lows) == len(known) else None

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "groups": [group.as_json() for group in self.groups],
            "studies": [study.as_json() for study in self.studies],
            "shared_parameters": {path: {"leaders_agree": self.leaders_agree(path)} for path in self.shared},
            "unshared_parameters": {label: list(paths) for label, paths in self.unshared.items()},
        }

    def _paths(self) -> list[str]:
        """All parameters, sorted by their mean importance in the studies."""
        paths = dict.fromkeys(path for study in self.studies for path in study.parameters)
        return sorted(paths, key=lambda path: -_mean(_shares(self.studies, path)))


def _loss(study: ComparedStudy, goal: Goal) -> float:
    """The loss of a study's best value; the greatest one without a best value."""
    return math.inf if study.best is None or study.best.value is None else goal.loss(study.best.value)


def _shares(studies: Iterable[ComparedStudy], path: str) -> list[float]:
    found = [study.parameters[path].importance for study in studies if path in study.parameters]
    return [each.share for each in found if each is not None]


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares) if shares else 0.0
