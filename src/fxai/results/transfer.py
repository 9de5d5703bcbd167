"""What a study can hand to the next one: from a finished study to an overlay for another."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna import Study

from fxai.errors import InputError
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.unimportant import FEWEST_TRIALS, standings
from fxai.search import attributes
from fxai.search.warm import warm_trials
from fxai.spec.config_fields import fields_of
from fxai.spec.overlay import Mode, Narrowed, Overlay, SourceStudy, applied
from fxai.spec.parameters import CategoricalParameter, Choice, FloatParameter, IntParameter, Parameter, nearest_value
from fxai.spec.study import StudySpec


@dataclass(frozen=True, slots=True)
class Transfer:
    """An overlay, and what should be known of it."""

    overlay: Overlay
    remarks: tuple[str, ...]


def transfer(
    source: Study, storage: str, target: StudySpec, modes: Sequence[Mode], *, top: int, width: float
) -> Transfer:
    """What `target` takes over from `source`; the same for a source in the same state.

    `top` is how many of the source's trials are enqueued, `width` the share of a range that is left.
    InputError where the source has nothing to hand over.
    """
    record = StudyRecord.of(source)
    if record.best is None or record.best.value is None:
        raise InputError(f"the study {record.name!r} has no completed trial, so there is nothing to take over")
    path_of = _paths(source)
    best = taken_over(source) | _located(record.best, path_of)
    taking, dropped = _Taking(target, best), _unimportant(source, path_of, target) if "fix_unimportant" in modes else ()
    overlay = Overlay(
        source=source_of(record, storage),
        modes=tuple(modes),
        fixed=taking.fixed() if {"fix", "fix_unimportant"} & set(modes) else {},
        dropped=dropped,
        narrowed=taking.narrowed(width, without=dropped) if "narrow" in modes else (),
    )
    narrower = applied(target, overlay, f"what {target.study_name} would take over")
    further = {
        "enqueue": _leaders(record, path_of, narrower, top) if "enqueue" in modes else (),
        "warm": len(warm_trials(source, narrower)) if "warm" in modes else 0,
    }
    overlay = overlay.model_copy(update=further)
    return Transfer(overlay, tuple(_remarks(record, source, taking, overlay)))


def source_of(record: StudyRecord, storage: str) -> SourceStudy:
    """The study as it stands now; two equal ones hand over the same."""
    best = record.best
    if best is None or best.value is None:
        raise InputError(f"the study {record.name!r} has no completed trial")
    finished = sum(trial.state.is_finished() and not trial.uncounted for trial in record.trials)
    return SourceStudy(
        study_name=record.name,
        storage=storage,
        finished=finished,
        best_trial=best.number,
        best_value=best.value,
        standard_error=best.standard_error,
    )


def taken_over(study: Study) -> dict[str, Choice]:
    """What the study itself took over from an earlier one, by path."""
    overlay = study.user_attrs.get(attributes.TRANSFER)
    return {} if overlay is None else dict(Overlay.model_validate(overlay).fixed)


@dataclass(frozen=True, slots=True)
class _Taking:
    """The source's best values, by path, beside the study that takes them."""

    target: StudySpec
    best: Mapping[str, Choice]

    def fixed(self) -> dict[str, Choice]:
        known = fields_of(self.target.training_config)
        return {path: value for path, value in self.best.items() if path in known}

    def strangers(self) -> list[str]:
        """Fields that the target's configuration has not."""
        return [path for path in self.best if path not in self.fixed()]

    def narrowed(self, width: float, *, without: Sequence[str]) -> tuple[Narrowed, ...]:
        shared = [each for each in self.target.parameters if each.path in self.best and each.name not in without]
        return tuple(narrowed(each, self.best[each.path], width) for each in shared)


def narrowed(parameter: Parameter, best: Choice, width: float) -> Narrowed:
    """The parameter's range, `width` times as long, around the best value and within its bounds.

    Lengths are those of logarithms on a logarithmic scale. Of ordered numbers among choices the best and its
    neighbours stay, of other choices all.
    """
    centre = nearest_value(parameter, best)
    if isinstance(parameter, CategoricalParameter):
        return Narrowed(name=parameter.name, choices=_neighbours(parameter.choices, centre))
    if isinstance(centre, bool) or not isinstance(centre, int | float):
        raise InputError(f"{parameter.name}: {best!r} is no number")
    scale, back = (math.log, math.exp) if parameter.log else (float, float)
    low, high, middle = scale(parameter.low), scale(parameter.high), scale(centre)
    length = (high - low) * width
    begin = min(max(middle - length / 2, low), high - length)
    ends = back(begin), back(begin + length)
    if isinstance(parameter, IntParameter):
        return _on_steps(parameter, centre, ends, parameter.step)
    if parameter.step is not None:
        return _on_steps(parameter, centre, ends, parameter.step)
    # Rounding must not carry an end past a bound, nor past the best value.
    low_end, high_end = max(min(ends[0], centre), parameter.low), min(max(ends[1], centre), parameter.high)
    return Narrowed(name=parameter.name, low=low_end, high=high_end)


def _on_steps(
    parameter: IntParameter | FloatParameter, centre: float, ends: tuple[float, float], step: float
) -> Narrowed:
    """Ends on the parameter's own steps, at least one to each side of the best value."""
    most = math.floor((parameter.high - parameter.low) / step + 1e-9)
    at = round((centre - parameter.low) / step)
    below = min(math.ceil((ends[0] - parameter.low) / step - 1e-9), at - 1)
    above = max(math.floor((ends[1] - parameter.low) / step + 1e-9), at + 1)
    low, high = parameter.low + max(below, 0) * step, parameter.low + min(above, most) * step
    return Narrowed(name=parameter.name, low=low, high=high)


def _neighbours(choices: tuple[Choice, ...], best: Choice) -> tuple[Choice, ...]:
    numbers = [each for each in choices if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) < len(choices):
        return choices
    ordered = sorted(numbers)
    place = ordered.index(best)  # type: ignore[arg-type]  # all are numbers
    kept = ordered[max(place - 1, 0) : place + 2]
    return tuple(each for each in choices if each in kept)


def _paths(source: Study) -> dict[str, str]:
    """What each parameter of the source sets."""
    stored = source.user_attrs.get(attributes.FINGERPRINT)
    if not isinstance(stored, dict):
        raise InputError(f"the study {source.study_name!r} was not made by FxAI; nobody knows what its parameters set")
    parameters: Mapping[str, Any] = stored["parameters"]
    return {name: each.get("path", name) for name, each in parameters.items()}


def _located(trial: TrialRecord, path_of: Mapping[str, str]) -> dict[str, Choice]:
    return {path_of[name]: value for name, value in trial.params.items()}


def _unimportant(source: Study, path_of: Mapping[str, str], target: StudySpec) -> tuple[str, ...]:
    """Parameters that both search and that do not stand out in the source."""
    quiet = {path_of[name] for name, standing in standings(source).items() if not standing.stands_out}
    return tuple(each.name for each in target.parameters if each.path in quiet)


def _leaders(
    record: StudyRecord, path_of: Mapping[str, str], target: StudySpec, top: int
) -> tuple[dict[str, Choice], ...]:
    """The source's best trials as far as the target searches the same, moved into its ranges; each once."""
    sign = -1 if record.direction == "maximize" else 1
    valued = [trial for trial in record.trials if trial.value is not None and not trial.uncounted]
    found: list[dict[str, Choice]] = []
    for trial in sorted(valued, key=lambda trial: sign * (trial.value or 0.0)):
        values = _located(trial, path_of)
        params = {
            each.name: nearest_value(each, values[each.path]) for each in target.parameters if each.path in values
        }
        if params and params not in found:
            found.append(params)
    return tuple(found[:top])


def _remarks(record: StudyRecord, source: Study, taking: _Taking, overlay: Overlay) -> list[str]:
    remarks = []
    if strangers := taking.strangers():
        remarks.append(f"{taking.target.study_name} has no {', '.join(strangers)}; left out")
    if "fix_unimportant" in overlay.modes and not standings(source):
        remarks.append(f"under {FEWEST_TRIALS} completed trials nothing can be called unimportant; none was dropped")
    if "warm" in overlay.modes and not overlay.warm:
        remarks.append(f"no trial of {record.name} fits the space and the scoring of {taking.target.study_name}")
    return remarks
