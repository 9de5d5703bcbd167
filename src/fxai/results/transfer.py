"""Makes the transfer from a finished study to another study."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from optuna import Study

from fxai.errors import InputError, StorageError
from fxai.results.importances.importance_tests import REQUIRED, ImportanceTest, importance_tests
from fxai.results.record import StudyRecord, TrialRecord
from fxai.search import attributes
from fxai.search.warm_start import warm_start_obstacle, warm_trials
from fxai.spec.reading.transfer_spec import Mode, Narrowed, SourceStudy, TransferSpec, apply_transfer
from fxai.spec.search.config_fields import fields_of
from fxai.spec.search.configure import default_params, params_by_path
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.narrow import narrow_range
from fxai.spec.search.parameters import Choice, is_number, nearest_value
from fxai.spec.search.study import StudySpec


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer, with remarks for the user."""

    transfer_spec: TransferSpec
    remarks: tuple[str, ...]


def transfer(
    source: Study, storage: str, target: StudySpec, modes: Sequence[Mode], *, top: int, width: float
) -> Transfer:
    """Make a transfer. The result is the same for a source in the same state.

    Args:
        source: The source study.
        storage: URL of its database, for the record.
        target: The target study.
        modes: What is transferred.
        top: Number of the source's best trials to enqueue.
        width: Share of each range to keep.

    Raises:
        InputError: The source has no completed trial, or was not made by FxAI.
    """
    record = StudyRecord.of(source)
    taken_from = source_of(record, storage)
    path_of = _paths(source)
    best = transferred_values(source) | _located(_best(record), path_of)
    fixes, fixes_unimportant = {"fix", "fix_unimportant"} & set(modes), "fix_unimportant" in modes
    measured = importance_tests(source) if fixes_unimportant else {}
    dropped = _unimportant(measured, path_of, target)
    fixed = _fixed(best, target) if fixes else {}
    transfer_spec = TransferSpec(
        source=taken_from,
        modes=tuple(modes),
        fixed=fixed,
        dropped=dropped,
        narrowed=_smaller_ranges(best, target, width, without=dropped) if "narrow" in modes else (),
    )
    start = apply_transfer(target, transfer_spec, f"the transfer to {target.study_name}")
    warm = len(warm_trials(source, start)) if "warm" in modes else 0
    first = _leaders(record, path_of, start, top) if "enqueue" in modes else ()
    remarks = (
        *_source_remarks(record),
        *(_value_remarks(best, fixed, start) if fixes else ()),
        *(_importance_remarks(measured) if fixes_unimportant else ()),
        *(_warm_remarks(source, start, warm) if "warm" in modes else ()),
    )
    return Transfer(transfer_spec.model_copy(update={"enqueue": first, "warm": warm}), remarks)


def source_of(record: StudyRecord, storage: str) -> SourceStudy:
    """The state of the source study, for the record."""
    best = _best(record)
    finished = sum(trial.state.is_finished() and not trial.uncounted for trial in record.trials)
    return SourceStudy(
        study_name=record.name,
        storage=storage,
        finished=finished,
        best_trial=best.number,
        best_value=record.best_value or 0.0,
        standard_error=best.standard_error,
        metric=record.metric,
        trading=record.trading,
    )


def _best(record: StudyRecord) -> TrialRecord:
    if record.best is None or record.best_value is None:
        raise InputError(f"the study {record.name!r} has no completed trial, so there is nothing to transfer")
    return record.best


def transferred_values(study: Study) -> dict[str, Choice]:
    """The values that the study itself took over from an earlier study, by path."""
    transfer_spec = study.user_attrs.get(attributes.TRANSFER)
    return {} if transfer_spec is None else dict(TransferSpec.model_validate(transfer_spec).fixed)


def _fixed(best: Mapping[str, Choice], target: StudySpec) -> dict[str, Choice]:
    """The source's best values of the fields that the target's configuration has."""
    if isinstance(target.training_config, CustomConfig):
        return dict(best)
    known = fields_of(target.training_config)
    return {path: value for path, value in best.items() if path in known}


def _smaller_ranges(
    best: Mapping[str, Choice], target: StudySpec, width: float, *, without: Sequence[str]
) -> tuple[Narrowed, ...]:
    shared = [each for each in target.parameters if each.path in best and each.name not in without]
    smaller = [(each, narrow_range(each, best[each.path], width)) for each in shared]
    return tuple(Narrowed.of(narrower) for each, narrower in smaller if narrower != each)


def _paths(source: Study) -> dict[str, str]:
    """The field that each parameter of the source sets."""
    stored = source.user_attrs.get(attributes.FINGERPRINT)
    if not isinstance(stored, dict):
        raise InputError(
            f"the study {source.study_name!r} was not made by FxAI, so the fields of its parameters are not known"
        )
    return paths_of(stored)


def _located(trial: TrialRecord, path_of: Mapping[str, str]) -> dict[str, Choice]:
    """The values of a trial by the field that each sets. Raises `StorageError` if the fingerprint was edited."""
    if unknown := sorted(trial.params.keys() - path_of.keys()):
        raise StorageError(
            f"the stored fingerprint of the source has no parameter {', '.join(unknown)}, which trial {trial.number} "
            "has; restore the database from a backup"
        )
    return {path_of[name]: value for name, value in trial.params.items()}


def _unimportant(
    measured: Mapping[str, ImportanceTest], path_of: Mapping[str, str], target: StudySpec
) -> tuple[str, ...]:
    """Parameters of both studies whose importance in the source does not exceed chance."""
    unimportant = {path_of[name] for name, test in measured.items() if not test.stands_out}
    return tuple(each.name for each in target.parameters if each.path in unimportant)


def _leaders(
    record: StudyRecord, path_of: Mapping[str, str], target: StudySpec, top: int
) -> tuple[dict[str, Choice], ...]:
    """The source's best trials with the target's parameters, moved into its ranges, each once and without trial 0."""
    moved = (_moved(_located(trial, path_of), target) for trial in record.ranked())
    found: list[dict[str, Choice]] = []
    for params in moved:
        if params and params not in (default_params(target), *found):
            found.append(params)
    return tuple(found[:top])


def _moved(values: Mapping[str, Choice], target: StudySpec) -> dict[str, Choice]:
    """The values of the target's parameters, each moved to the nearest value in its range.

    A choice that the target does not have is left to the sampler.
    """
    shared = [each for each in target.parameters if each.path in values]
    moved = {each.name: (values[each.path], nearest_value(each, values[each.path])) for each in shared}
    return {name: new for name, (old, new) in moved.items() if old == new or (is_number(old) and is_number(new))}


def _source_remarks(record: StudyRecord) -> Iterator[str]:
    if open_ := sum(not trial.state.is_finished() for trial in record.trials):
        yield f"unfinished trials in {record.name}: {open_}; transfer again when the study has ended"


def _value_remarks(best: Mapping[str, Choice], fixed: Mapping[str, Choice], target: StudySpec) -> Iterator[str]:
    """Remarks about best values that the target cannot use unchanged."""
    if unknown := [path for path in best if path not in fixed]:
        yield f"{target.study_name} has no {', '.join(unknown)}; left out"
    first = params_by_path(target.parameters, default_params(target))
    for path, value in first.items():
        if path in fixed and fixed[path] != value:
            yield f"{path} {fixed[path]} lies outside the range of {target.study_name}; its trial 0 takes {value}"


def _importance_remarks(measured: Mapping[str, ImportanceTest]) -> Iterator[str]:
    if not measured:
        yield f"no parameter was dropped: {REQUIRED}"


def _warm_remarks(source: Study, target: StudySpec, count: int) -> Iterator[str]:
    if not count:
        nothing = f"no trial of {source.study_name} lies in the ranges of {target.study_name}"
        yield f"nothing to learn from: {warm_start_obstacle(source, target) or nothing}"
