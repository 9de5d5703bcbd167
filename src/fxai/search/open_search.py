"""Opens or creates a study: fingerprint check, first trials, archive."""

import json
import warnings
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from itertools import count
from typing import Any
from uuid import uuid4

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import RandomSampler

from fxai.errors import FingerprintError, InputError, StorageError
from fxai.protocol import JsonObject, ParamValue
from fxai.search import attributes
from fxai.search.grid import same_point
from fxai.search.lock import RenewLock, always_held
from fxai.search.plan import plan_of
from fxai.search.samplers import is_exhaustive
from fxai.search.source_url import source_url
from fxai.search.space import default_point
from fxai.search.storage import WriteBehindStorage
from fxai.search.studies import load_study
from fxai.search.study import Search
from fxai.search.unreadable import readable_rows
from fxai.search.warm_start import warm_trials
from fxai.spec.reading.transfer_spec import SourceStudy, TransferSpec
from fxai.spec.search.configure import config_values
from fxai.spec.search.fingerprint import difference
from fxai.spec.search.parameters import nearest_value
from fxai.spec.search.study import StudySpec


def open_search(
    spec: StudySpec,
    url: str,
    *,
    fingerprint: JsonObject,
    default_params: Mapping[str, ParamValue],
    fresh: bool = False,
    taken: Collection[str] = (),
    transfer_spec: TransferSpec | None = None,
    renew_lock: RenewLock = always_held,
) -> Search:
    """Resume the study of the spec, or create it.

    A new study begins with the default configuration as trial 0, moved into the search space if it lies outside, then
    `spec.enqueue`, then the copied trials of `transfer_spec`. Trials that the last run left running are restarted:
    `Search.left_running`. The caller holds the study's lock (`lock.py`).

    Args:
        spec: The study.
        url: Database.
        fingerprint: Fingerprint of the spec.
        default_params: Parameters of the default configuration.
        fresh: Archive the existing study under another name first.
        taken: Names that the archive must not have.
        transfer_spec: Transfer from another study.
        renew_lock: Of the study's lock; called before each write.

    Raises:
        FingerprintError: If the existing study has another fingerprint.
        StorageError: If the database cannot be used.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # its output would disturb the live view
    with ExitStack() as on_failure:
        storage = WriteBehindStorage(url, renew_lock=renew_lock)
        on_failure.enter_context(readable_rows(url, spec.study_name))
        on_failure.callback(storage.close)
        study_id, archived_as = _find(storage, spec.study_name), None
        if study_id is not None and fresh:
            archived_as = _archive(storage, study_id, taken)
            study_id = None
        if study_id is None:
            study_id = storage.create_new_study(_directions(spec), spec.study_name)
        if storage.get_n_trials(study_id) or attributes.FINGERPRINT in storage.get_study_user_attrs(study_id):
            kept = storage.get_study_user_attrs(study_id)
            check_fingerprint(spec.study_name, kept, fingerprint, transfer_spec)
        else:
            with storage.one_transaction():
                _initialize(spec, storage, study_id, fingerprint, default_params)
                if transfer_spec is not None:
                    _store_transfer(spec, storage, study_id, transfer_spec)
        if attributes.KEY not in storage.get_study_user_attrs(study_id):  # the study is new or of an earlier release
            storage.set_study_user_attr(study_id, attributes.KEY, uuid4().hex)
        _store_plan(spec, storage, study_id)
        search = Search(spec, storage, study_id)
        search.archived_as = archived_as
        on_failure.pop_all()
    return search


def _directions(spec: StudySpec) -> list[optuna.study.StudyDirection]:
    return [optuna.study.StudyDirection[goal.direction.upper()] for goal in spec.goals]


def archived_name(name: str, taken: Collection[str]) -> str:
    """The first of name~1, name~2, ... that is not in `taken`."""
    return next(archived for k in count(1) if (archived := f"{name}~{k}") not in taken)


def _find(storage: WriteBehindStorage, name: str) -> int | None:
    try:
        return storage.get_study_id_from_name(name)
    except KeyError:
        return None


def _archive(storage: WriteBehindStorage, study_id: int, taken: Collection[str]) -> str:
    names = {*taken, *storage.study_names()}
    name = archived_name(storage.get_study_name_from_id(study_id), names)
    storage.rename_study(study_id, name)
    return name


def check_fingerprint(
    name: str, kept: Mapping[str, Any], fingerprint: JsonObject, transfer_spec: TransferSpec | None
) -> None:
    """Check that a study in the database has the same fingerprint.

    Args:
        name: Of the study.
        kept: Its attributes.
        fingerprint: Of the spec.
        transfer_spec: Transfer from another study.

    Raises:
        FingerprintError: The fingerprints differ.
    """
    stored = kept.get(attributes.FINGERPRINT)
    if stored is None:
        raise FingerprintError(
            f"the study {name!r} in this database was not created by FxAI; use another study_name, "
            f"or archive the existing study with --fresh"
        )
    changes = difference(stored, json.loads(json.dumps(fingerprint)))
    if changes:
        listed = "\n".join(f"  {line}" for line in changes)
        raise FingerprintError(
            f"the study {name!r} has another specification, so its trials are not comparable. Use another "
            f"study_name, or start again with --fresh (in Python fresh=True), which keeps the old study as {name}~1 "
            f"or the next free number. The differences:\n{listed}"
            f"{_transfer_difference(kept.get(attributes.TRANSFER), transfer_spec)}"
        )


def _transfer_difference(begun: JsonObject | None, transfer_spec: TransferSpec | None) -> str:
    """The difference between the transfers of the stored study and of this run; empty without a difference."""
    if begun is None:
        return (
            ""
            if transfer_spec is None
            else f"\nIt was begun without a transfer; now there is a transfer from {_source_text(transfer_spec.source)}"
        )
    before = TransferSpec.model_validate(begun)
    if transfer_spec is None:
        return f"\nIt was begun with a transfer from {_source_text(before.source)}; now there is none"
    if before.source.is_unchanged_from(transfer_spec.source):
        return ""
    stored, given = _source_text(before.source), _source_text(transfer_spec.source)
    return f"\nIt was begun with a transfer from {stored}; now the transfer is from {given}"


def _source_text(source: SourceStudy) -> str:
    return f"{source.study_name} (trial {source.best_trial} of {source.finished})"


def _initialize(
    spec: StudySpec,
    storage: WriteBehindStorage,
    study_id: int,
    fingerprint: JsonObject,
    default_params: Mapping[str, ParamValue],
) -> None:
    """Write the fingerprint and the first trials of a new study."""
    study = optuna.load_study(study_name=spec.study_name, storage=storage, sampler=RandomSampler())
    defaults = default_point(spec.parameters, default_params, config_values(spec))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage.set_study_user_attr(study_id, attributes.FINGERPRINT, fingerprint)
        study.set_metric_names([goal.metric for goal in spec.goals])
        study.enqueue_trial(defaults, user_attrs={attributes.ENQUEUED: "default"})
        for params in _enqueued(spec, defaults):
            study.enqueue_trial(params, user_attrs={attributes.ENQUEUED: "spec"})


def _enqueued(spec: StudySpec, defaults: Mapping[str, ParamValue]) -> list[dict[str, ParamValue]]:
    """Points of `enqueue`, after the defaults; without duplicates for a sampler that proposes each point once."""
    known = {parameter.name: parameter for parameter in spec.parameters}
    points = [{name: nearest_value(known[name], value) for name, value in entry.items()} for entry in spec.enqueue]
    if not is_exhaustive(spec.sampler):
        return points
    chosen: list[dict[str, ParamValue]] = []
    for point in points:
        # A grid sampler draws no values, so missing parameters are set to the defaults.
        whole = default_point(spec.parameters, {**defaults, **point}, config_values(spec))
        if not any(same_point(whole, other) for other in (defaults, *chosen)):
            chosen.append(whole)
    return chosen


def _store_plan(spec: StudySpec, storage: WriteBehindStorage, study_id: int) -> None:
    plan = plan_of(spec)
    if storage.get_study_user_attrs(study_id).get(attributes.PLAN) != plan:
        storage.set_study_user_attr(study_id, attributes.PLAN, plan)


def _store_transfer(spec: StudySpec, storage: WriteBehindStorage, study_id: int, transfer_spec: TransferSpec) -> None:
    """Store the transfer of a new study, and add the copied trials."""
    storage.set_study_user_attr(study_id, attributes.TRANSFER, transfer_spec.model_dump(mode="json"))
    if transfer_spec.warm:
        study = optuna.load_study(study_name=spec.study_name, storage=storage, sampler=RandomSampler())
        for trial in warm_trials(_source(spec, transfer_spec.source), spec)[: transfer_spec.warm]:
            study.add_trial(trial)


def _source(spec: StudySpec, source: SourceStudy) -> optuna.Study:
    try:
        return load_study(source_url(source, spec.storage), source.study_name)
    except InputError as error:
        raise StorageError(
            f"the trials of {source.study_name}, which {spec.study_name} uses for its warm start, cannot be read: "
            f"{error}. Transfer again without the mode warm, or delete transfer.yaml in the results folder"
        ) from None
