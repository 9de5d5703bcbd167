"""The study of a Python call, and the first log line about an existing study.

A call without a study name runs the study of its settings. Its name is a digest of the fingerprint and of the
settings that the fingerprint leaves out: sampler, pruner, seed, trials, timeout, and the content of a training
engine. An earlier release named a study by its fingerprint alone. Such a study is resumed if its settings are known
and equal.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue, TypeAdapter, ValidationError

from fxai.api.engine_content import stored_content
from fxai.formatting import counted
from fxai.protocol import JsonObject
from fxai.results.paths import StudyPaths
from fxai.search.plan import StoredPlan, names_with_prefix, plan_of, stored_plan
from fxai.search.studies import is_archived
from fxai.spec.checks.stored_parts import with_stored_parts
from fxai.spec.search.embargo import EARLIER_EMBARGO, with_embargo
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.pruners import Pruner
from fxai.spec.search.samplers import Sampler
from fxai.spec.search.spread_defaults import with_earlier_spread
from fxai.spec.search.study import StudySpec

_DIGITS = 8
_RECORDS: Mapping[str, TypeAdapter[Any]] = {"sampler": TypeAdapter(Sampler), "pruner": TypeAdapter(Pruner)}


def with_name(study: StudySpec, caller: str, results_dir: Path, content: JsonObject | None = None) -> StudySpec:
    """The study with the name of its settings; `content` is the content of a training engine."""
    base = _base(study, caller)
    earlier = stored_plan(study.storage, base)
    same = earlier is not None and _stored(earlier, results_dir, content) == _settings(study, content)
    name = base if same else f"{base}_{_digest(_without_defaults(study, content))}"
    return study.model_copy(update={"study_name": name})


def announce(
    study: StudySpec,
    results_dir: Path,
    logger: logging.Logger,
    *,
    caller: str | None,
    content: JsonObject | None = None,
) -> None:
    """Log that an existing study is resumed, or that a study of the same search has other settings.

    Args:
        study: The study of the call.
        results_dir: Folder of the studies' files.
        logger: The logger.
        caller: Beginning of the names of studies of calls without a name; None for a call with a name.
        content: Content of a training engine.
    """
    stored = stored_plan(study.storage, study.study_name)
    if stored is not None:
        line = _resume_line(stored, study, _changes(stored, study, results_dir, content))
        if line is not None and _is_resumed(stored, study):
            logger.warning("%s", line)
        return
    other = None if caller is None else _latest_with_other_settings(study, caller)
    if other is not None:
        changes = _changes_text(_changes(other, study, results_dir, content))
        logger.info(
            "%s is a new study. %s is the same search with other settings: %s. study_name=%r resumes it",
            *(study.study_name, other.study, changes, other.study),
        )


def _is_resumed(stored: StoredPlan, study: StudySpec) -> bool:
    """Whether the run resumes the study. A run refuses a study with another fingerprint."""
    study = with_stored_parts(study, stored.fingerprint)
    return stored.transferred or not difference(stored.fingerprint, json.loads(json.dumps(fingerprint(study))))


def _resume_line(stored: StoredPlan, study: StudySpec, changes: tuple[str, ...]) -> str | None:
    more = stored.finished > study.n_trials
    if not changes and not more:
        return None
    settings = f" with other settings: {_changes_text(changes)}" if changes else ""
    surplus = f", more than the {study.n_trials} of this call, so no trial is added" if more else ""
    return (
        f"The study {study.study_name} is resumed{settings}. It has {counted(stored.finished, 'finished trial')}"
        f"{surplus}. Use another study_name for a separate study, or fresh=True to start this study again"
    )


def _latest_with_other_settings(study: StudySpec, caller: str) -> StoredPlan | None:
    """The newest study with the same fingerprint."""
    names = [name for name in names_with_prefix(study.storage, _base(study, caller)) if not is_archived(name)]
    found = (stored_plan(study.storage, name) for name in reversed(names))
    return next((each for each in found if each is not None), None)


def _base(study: StudySpec, caller: str) -> str:
    """The name without the digest of the settings. Defaults of earlier releases are used, so that the name stays."""
    return f"{caller}_{_digest(fingerprint(with_earlier_spread(with_embargo(study, EARLIER_EMBARGO))))}"


def _changes(stored: StoredPlan, study: StudySpec, results_dir: Path, content: JsonObject | None) -> tuple[str, ...]:
    old, new = _stored(stored, results_dir, content), _settings(study, content)
    for kind in _RECORDS:  # of another class only the name is compared
        before, now = _class(old[kind]), _class(new[kind])
        if before != now:
            old, new = {**old, kind: before}, {**new, kind: now}
    return difference(old, new)


def _class(record: JsonValue) -> JsonValue:
    return record.get("type") if isinstance(record, dict) else record


def _changes_text(changes: tuple[str, ...]) -> str:
    """`sampler.type: "TPESampler" -> "RandomSampler"`; digests of an engine's content are not shown."""
    digests = ("engine", "files", "derived")
    shown = [change.partition(":")[0] if change.startswith(digests) else change for change in changes]
    named = ["the training engine's code or data" if change == "engine" else change for change in shown]
    return "; ".join(named)


def _settings(study: StudySpec, content: JsonObject | None) -> JsonObject:
    return {**plan_of(study), **(content or {})}


def _stored(stored: StoredPlan, results_dir: Path, content: JsonObject | None) -> JsonObject:
    """The settings of a stored study. Fields that its release did not have get their defaults."""
    plan = dict(stored.plan)
    for kind, adapter in _RECORDS.items():
        try:
            plan[kind] = adapter.validate_python(plan.get(kind)).model_dump(mode="json", exclude_none=True)
        except ValidationError:  # written by a later release with more fields
            continue
    return plan if content is None else {**plan, **stored_content(StudyPaths(results_dir, stored.study).engine)}


def _without_defaults(study: StudySpec, content: JsonObject | None) -> JsonObject:
    """The settings without defaults, so that a field of a later release changes no name."""
    records = {"sampler": study.sampler, "pruner": study.pruner}
    short = {
        kind: {**record.model_dump(mode="json", exclude_defaults=True), "type": record.type}
        for kind, record in records.items()
    }
    points: list[JsonValue] = [dict(point) for point in study.enqueue]
    first: JsonObject = {"enqueue": points} if points else {}
    return {**_settings(study, content), **short, **first}


def _digest(value: JsonObject) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_DIGITS]
