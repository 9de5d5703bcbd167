"""The next steps of a report, derived from the study's results."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fxai.errors import InputError
from fxai.evaluation.verdict_word import VerdictWord
from fxai.formatting import counted, figure
from fxai.protocol import ParamValue
from fxai.results.best_verdict import BestVerdict
from fxai.results.report.blocks import NextStep
from fxai.results.report.headline import is_clear
from fxai.results.report.scales import Scale
from fxai.results.report.study_info import StudyInfo
from fxai.results.stability import Edge
from fxai.results.train_command import full_training, train_command
from fxai.search import attributes
from fxai.search.stored_trial import StoredState
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.parameters import is_number

_FURTHER = 0.1  # of the range, on a linear scale: distance of the tested value from the end
_TIMES = 2.0  # factor of the tested value, on a logarithmic scale and for choices
_MANY_FAILED = 0.1
_MORE = 1.5  # factor for the proposed number of trials
_SEEDS = 8
_NOT_ABOVE_FLAT = (VerdictWord.WORSE, VerdictWord.NOT_ABOVE_FLAT)


def next_steps(info: StudyInfo) -> list[NextStep]:
    """The next steps, the most urgent first."""
    return [
        *_unfinished(info),
        *_failures(info),
        *_edges(info),
        *_convergence(info),
        *_unimportant(info),
        *_seeds(info),
        *_train(info),
    ]


def _unfinished(info: StudyInfo) -> Iterator[NextStep]:
    plan = info.stored.user_attrs.get(attributes.PLAN)
    finished = sum(trial.state.is_finished() for trial in info.own)
    if info.record.ended_by is not None or not isinstance(plan, dict) or finished >= plan["n_trials"]:
        return
    remaining = plan["n_trials"] - finished
    yield NextStep(
        "Finish the study.",
        f"{finished} of {plan['n_trials']} trials have finished. Run the same command again for the other {remaining}.",
        _run(info),
    )


def _failures(info: StudyInfo) -> Iterator[NextStep]:
    finished = [trial for trial in info.own if trial.state.is_finished()]
    failed = [trial for trial in finished if trial.failure is not None]
    if not failed or len(failed) < _MANY_FAILED * len(finished):
        return
    causes = Counter(trial.failure.cause for trial in failed if trial.failure is not None)
    (cause, count), *_ = causes.most_common(1)
    first = next(trial for trial in failed if trial.failure is not None and trial.failure.cause == cause)
    yield NextStep(
        "Look at the failures before running more trials.",
        f"{len(failed)} of {counted(len(finished), 'finished trial')} failed, {count} of them with the cause: {cause}.",
        _command(info, "show", info.record.name, first.number),
    )


def _edges(info: StudyInfo) -> Iterator[NextStep]:
    for edge in info.analysis.edges:
        if not can_extend(edge, info.scales[edge.name], info.fingerprint):
            continue
        beyond = "below" if edge.side == "low" else "above"
        near = round(edge.leaders_near * info.analysis.leaders)
        yield NextStep(
            f"Search {edge.name} {beyond} {figure(edge.bound)}.",
            f"Its best value, {figure(edge.best)}, lies at this end of its range, like the values of {near} of the "
            f"{info.analysis.leaders} leading trials. The ranges of a study are fixed: use a new study_name.",
        )


def _convergence(info: StudyInfo) -> Iterator[NextStep]:
    convergence = info.analysis.convergence
    if convergence.converged is None:
        return
    metric = f" of {info.record.metric}" if info.record.front else ""
    reason = f"{convergence.reason[0].upper()}{convergence.reason[1:]}."
    if not convergence.converged:
        total = math.ceil(_MORE * len([trial for trial in info.own if trial.state.is_finished()]))
        yield NextStep("Run more trials.", f"{reason} Run the same command with --n-trials {total}.", _run(info, total))
        return
    agreed = [each for each in info.analysis.stability if each.stable]
    shown = "; ".join(f"{each.name} {_agreed(each.choice, each.low, each.high)}" for each in agreed[:4])
    agreeing = f" The leading trials agree on {shown}{' and others' if len(agreed) > 4 else ''}." if agreed else ""  # noqa: PLR2004
    yield NextStep(
        f"More trials of this search are unlikely to find much better values{metric}.",
        f"{reason}{agreeing} The next study can search narrower ranges around the best trials.",
        _transfer(info, "narrow,enqueue"),
    )


def _agreed(choice: ParamValue, low: ParamValue, high: ParamValue) -> str:
    if is_number(low) and is_number(high):
        return f"({figure(low)} to {figure(high)})" if low != high else f"({figure(low)})"
    return f"({figure(choice)})"


def _unimportant(info: StudyInfo) -> Iterator[NextStep]:
    found = info.analysis.importances
    unimportant = [each.name for each in found if each.stands_out is False]
    if unimportant and any(each.stands_out for each in found):  # else no parameter is known to matter more
        yield NextStep(
            f"Fix {' and '.join(unimportant) if len(unimportant) < 3 else f'{len(unimportant)} parameters'}.",  # noqa: PLR2004
            f"The importance of {', '.join(unimportant)} does not exceed the importance that shuffled values give. "
            "With fixed values, the next study uses its trials for the other parameters.",
            _transfer(info, "fix_unimportant"),
        )


def _seeds(info: StudyInfo) -> Iterator[NextStep]:
    difference = info.gain
    best = info.record.best
    if difference is None or best is None or best.number == 0 or is_clear(difference):
        return
    unknown = "The error of the best trial's difference to trial 0 is not known."
    within = "The best trial's difference to trial 0 is less than twice its standard error."
    seeds = info.fingerprint.get("seeds_per_trial", 1)
    further = _SEEDS if seeds < _SEEDS else 2 * seeds
    yield NextStep(
        "Train the best trial from more seeds.",
        unknown if difference.standard_error is None else within,
        train_command(info.paths, best.number, seeds=further),
    )


def _train(info: StudyInfo) -> Iterator[NextStep]:
    """A longer training of the best trial, where its length is known and no verdict speaks against it."""
    best = info.record.best
    if best is None or info.record.count(StoredState.RUNNING) or _word(info, best.number) in _NOT_ABOVE_FLAT:
        return
    full = full_training(info.paths, best.number)
    if full is not None:
        yield NextStep(
            "Train the best trial in full.",
            f"The best trial has {full.searched:,} updates. A training with {full.updates:,} updates may give a better "
            "agent, or one that fits the train split alone; its score on the validation split shows which.",
            full.command,
        )


def _word(info: StudyInfo, best: int) -> VerdictWord | None:
    """The verdict on the best trial, if it is current."""
    known = BestVerdict.of(info.record.name, info.record.traits, best, info.paths.results_dir)
    return None if known.current is None else known.current.word


def _command(
    info: StudyInfo, name: str, *arguments: str | int | Path, options: Mapping[str, str | int] | None = None
) -> str:
    """A command on the study's database; empty if the database is not known."""
    return "" if info.location is None else info.location.command(name, *arguments, options=options)


def _run(info: StudyInfo, n_trials: int | None = None) -> str:
    """The command that resumes the study with its stored spec; empty if a transfer changed the spec."""
    if not info.paths.spec.is_file() or attributes.TRANSFER in info.stored.user_attrs:
        return ""
    return _command(info, "run", info.paths.spec, options={} if n_trials is None else {"--n-trials": n_trials})


def _transfer(info: StudyInfo, mode: str) -> str:
    """The command for a transfer to a new spec, a copy of the study's stored spec; empty if none is stored."""
    if not info.paths.spec.is_file():
        return ""
    options = {"--new": f"{info.record.name}_next.yaml", "--mode": mode}
    return _command(info, "transfer", info.record.name, options=options)


def can_extend(edge: Edge, scale: Scale, fingerprint: Mapping[str, Any]) -> bool:
    """Whether the parameter's field accepts a value beyond the end of the range. True for fields of custom code."""
    if "data" not in fingerprint or not is_number(edge.bound):
        return True
    value = _beyond(edge.bound, edge.side, scale)
    try:
        config = TrainingConfig.model_validate(fingerprint["training_config"])
        configure(config, {paths_of(fingerprint)[edge.name]: value})
    except (InputError, ValidationError):
        return False
    return True


def _beyond(bound: float, side: str, scale: Scale) -> float:
    sign = 1 if side == "high" else -1
    if scale.log or scale.choices:
        value = bound * _TIMES**sign
    else:
        step = _FURTHER * (scale.high - scale.low)
        value = bound + sign * (max(step, 1.0) if scale.whole else step)
    return round(value) if isinstance(bound, int) else value
