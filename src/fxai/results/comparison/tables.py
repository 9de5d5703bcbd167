"""Tables of a comparison as text, for the terminal and the page."""

from collections.abc import Sequence

from fxai.formatting import counted, figure, span
from fxai.metric_text import number_text
from fxai.results.comparison.compared import ComparedStudy, SearchedParameter
from fxai.results.comparison.comparison import Comparison, Group
from fxai.results.range_position import choices_of, ends

_NOTHING = "-"
_ANSWERS = {None: _NOTHING, True: "yes", False: "no"}


def study_headings(group: Group) -> tuple[str, ...]:
    return (
        "Study",
        f"Best {group.goal.metric}",
        "Trial",
        "Completed",
        "Pruned",
        "Failed",
        "Time",
        "Level",
        "Converged",
        *(("Verdict",) if _is_judged(group) else ()),
    )


def study_rows(group: Group) -> Sequence[tuple[str, ...]]:
    """One row per study, the best first."""
    return [_study_row(group, study) for study in group.studies]


def error_note(group: Group) -> str | None:
    """What the ± of the best values holds, for all kinds of studies of the group; None if there is no ±."""
    notes = [
        study.best.errors.explained(trading=study.analysis.trading) for study in group.studies if study.best is not None
    ]
    return " ".join(dict.fromkeys(filter(None, notes))) or None


def level_note(group: Group) -> str | None:
    """The explanation of the column "Level"."""
    if group.level is None:
        return None
    trading = all(study.analysis.trading for study in group.studies)
    level = number_text(group.goal.metric, group.level, trading=trading)
    return f"Level: when the study reached {level}, the worst of these best values."


def parameter_headings(comparison: Comparison) -> tuple[str, ...]:
    return ("Parameter", *(study.label for study in comparison.studies), "Leading trials agree")


def parameter_rows(comparison: Comparison, *, ranges: bool = False) -> Sequence[tuple[str, ...]]:
    """The best values of the parameters of several studies, with their ranges if `ranges`."""
    return [
        (
            path,
            *(_parameter_cell(study, path, ranges=ranges) for study in comparison.studies),
            _ANSWERS[comparison.leaders_agree(path)],
        )
        for path in comparison.shared
    ]


def importance_rows(comparison: Comparison) -> Sequence[tuple[str, ...]]:
    """The importances of each parameter in the studies."""
    return [
        (path, *(_importance(study.parameters.get(path)) for study in comparison.studies))
        for path in comparison.important
    ]


def _is_judged(group: Group) -> bool:
    """Whether a study of the group has a verdict on its best trial."""
    return any(study.verdict.current is not None for study in group.studies)


def _study_row(group: Group, study: ComparedStudy) -> tuple[str, ...]:
    best, reached, analysis = study.best, group.reached(study), study.analysis
    leader = (_NOTHING, _NOTHING)
    if best is not None and best.value is not None:
        leader = (
            number_text(group.goal.metric, best.value, best.standard_error, trading=analysis.trading),
            str(best.number),
        )
    level = _NOTHING
    if reached is not None:
        level = counted(reached.finished, "trial") + ("" if reached.seconds is None else f", {span(reached.seconds)}")
    counts = map(str, (analysis.completed, analysis.pruned, analysis.failed))
    word = _NOTHING if study.verdict.current is None else study.verdict.current.text
    verdict = (word,) if _is_judged(group) else ()
    converged = {**_ANSWERS, False: "not yet"}[analysis.convergence.converged]
    return (study.label, *leader, *counts, span(study.progress.seconds), level, converged, *verdict)


def _parameter_cell(study: ComparedStudy, path: str, *, ranges: bool) -> str:
    found = study.parameters.get(path)
    if found is None:
        return _NOTHING
    best = figure(found.best) if found.in_best else _NOTHING
    return f"{best} of {_range(found)}" if ranges else best


def _range(parameter: SearchedParameter) -> str:
    if choices := choices_of(parameter.distribution):
        return ", ".join(map(figure, choices))
    low, high = ends(parameter.distribution) or (None, None)
    return f"{figure(low)} to {figure(high)}"


def _importance(parameter: SearchedParameter | None) -> str:
    if parameter is None or parameter.importance is None:
        return _NOTHING
    found = parameter.importance
    interval = "" if found.low is None or found.high is None else f" ({found.low:.2f} to {found.high:.2f})"
    return f"{found.share:.2f}{interval}"
