"""The plan of a study: sampler, pruner and budget. The fingerprint excludes it, because it may change."""

from dataclasses import dataclass

from fxai.errors import StorageError, StudyNotFoundError
from fxai.protocol import JsonObject
from fxai.search import attributes
from fxai.search.stored_trial import StoredState
from fxai.search.studies import stored_study, study_names
from fxai.spec.search.study import StudySpec

_FINISHED = (StoredState.COMPLETE, StoredState.PRUNED, StoredState.FAIL)


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """The plan of a study's last run, its fingerprint, and its number of finished trials."""

    study: str
    plan: JsonObject
    fingerprint: JsonObject
    finished: int
    transferred: bool  # whether a transfer from another study changed its spec


def plan_of(spec: StudySpec) -> JsonObject:
    """The plan that a run of this spec stores; a timeout is stored only if there is one."""
    plan: JsonObject = {
        "n_trials": spec.n_trials,
        "sampler": spec.sampler.model_dump(mode="json", exclude_none=True),
        "pruner": spec.pruner.model_dump(mode="json", exclude_none=True),
        "seed": spec.seed,
    }
    return plan if spec.timeout is None else {**plan, "timeout": spec.timeout}


def stored_plan(url: str, name: str) -> StoredPlan | None:
    """The plan of a study in a database; None if the database, the study or its plan is missing."""
    try:
        with stored_study(url, name) as study:
            attrs, counts = study.user_attrs, study.state_counts()
    except (StorageError, StudyNotFoundError):
        return None
    plan, stored_fingerprint = attrs.get(attributes.PLAN), attrs.get(attributes.FINGERPRINT)
    if not isinstance(plan, dict) or not isinstance(stored_fingerprint, dict):
        return None
    finished = sum(counts.get(state, 0) for state in _FINISHED)
    return StoredPlan(name, plan, stored_fingerprint, finished, attributes.TRANSFER in attrs)


def names_with_prefix(url: str, prefix: str) -> tuple[str, ...]:
    """Names of a database's studies with this prefix, the oldest first; empty without a database."""
    try:
        return tuple(name for name in study_names(url) if name.startswith(prefix))
    except StorageError:
        return ()
