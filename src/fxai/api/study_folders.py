"""Finds studies by the folders of their files.

A results folder has one folder per study. It may be one of several results folders, one per task, for example
`hpo_experiments/task1_hpo_results/`. The studies in it belong to the task `task1`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fxai.errors import InputError
from fxai.results.study_results import StudyResults
from fxai.search.studies import is_archived
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.search.metric_goals import Goal

RESULTS = "_results.json"
_DEPTHS = ("", "*/", "*/*/")  # for the folder of a study, a results folder, a folder of results folders
_TASK = re.compile(r"(?P<task>.+?)_(?:(?:quick|thorough|production)_)?hpo(?:_.+)?")


def studies_in(folder: Path) -> dict[str, StudyResults]:
    """The studies with results files in a folder or in folders below it.

    A missing folder `task1_hpo_results` stands for the studies of `task1` in its parent folder. Studies that --fresh
    archived are left out.

    Returns:
        The studies by name. Studies with the same name have keys with their folders, `task1_hpo_results/best`.

    Raises:
        InputError: There is no study.
    """
    found = [StudyResults.in_file(path) for path in _files(folder)]
    if not found and not folder.exists() and (task := _task_in(folder.name)) is not None:
        siblings = [StudyResults.in_file(path) for path in _files(folder.parent)]
        found = of_name(task, {each.name: each for each in siblings})
    if not found:
        raise InputError(f"{folder} has no study: there is no <study>{RESULTS} in it or in a folder below it")
    names = [each.name for each in found]
    return {_label(each, folder) if names.count(each.name) > 1 else each.name: each for each in found}


def task_of(results: StudyResults) -> str | None:
    """The task of a study, from its name, `task1_thorough_hpo`, or from its folder's name; None without a task."""
    return _task_in(results.name) or _task_in(results.paths.results_dir.name)


def of_name(name: str, studies: Mapping[str, StudyResults]) -> list[StudyResults]:
    """The studies that match a name: the study, the studies of a task, or the studies whose names begin with it."""
    if name in studies:
        return [studies[name]]
    begun = [key for key in studies if key.startswith((f"{name}_", f"{name}-"))]
    of_task = [key for key, each in studies.items() if task_of(each) == name or key in begun]
    return [studies[key] for key in of_task or [key for key in studies if key.startswith(name)]]


def one_of(found: Iterable[StudyResults]) -> StudyResults | None:
    """The best of several studies; None if they optimise different metrics, or if there are none."""
    candidates = list(found)
    if len(candidates) == 1:
        return candidates[0]
    goals = {tuple(each.record.goals) for each in candidates}
    complete = [each for each in candidates if each.record.best is not None]
    if len(goals) != 1 or not complete or any(each.record.front for each in candidates):
        return None
    ((goal,),) = goals
    return min(complete, key=lambda each: _loss(goal, each))


def unknown(name: str | None, studies: Mapping[str, StudyResults], folder: Path, *, several: bool) -> InputError:
    """The error for a name that matches no study, or several studies without a common metric."""
    fault = "several studies match; name one" if several else f"there is no study {name!r}"
    suggestion = "" if several else did_you_mean(name or "", studies)
    return InputError(f"{folder}: {fault}{suggestion or '.'} Studies: {', '.join(studies)}")


def _loss(goal: Goal, results: StudyResults) -> float:
    return goal.loss(results.best_value)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted({path for depth in _DEPTHS for path in folder.glob(f"{depth}*{RESULTS}")}):
        if path.name == f"{path.parent.name}{RESULTS}" and not is_archived(path.parent.name):
            yield path


def _task_in(name: str) -> str | None:
    matched = _TASK.fullmatch(name)
    return None if matched is None else matched["task"]


def _label(results: StudyResults, folder: Path) -> str:
    return results.paths.directory.relative_to(folder.absolute()).as_posix()
