"""`fxai run --replay FILE`: a study that repeats the recorded decisions of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError
from fxai.spec.checks.earlier_texts import with_stored_lists
from fxai.spec.search.fingerprint import difference
from fxai.spec.search.study import Spec, StudySpec
from fxai.study.replay.decisions import Entry, StudyOpenedEntry, basis_of, read_decisions

SUFFIX = "-replay"


@dataclass(frozen=True, slots=True)
class Recording:
    """The decisions of a study."""

    study: str
    decisions: Sequence[Entry]


def recording_of(file: Path, plan: Spec) -> Recording:
    """The recording in a file, of the one study of a plan; an `InputError` for a plan of several."""
    if len(plan.studies) > 1:
        there = ", ".join(each.study_name for each in plan.studies)
        raise InputError(f"--replay repeats one study; name it by --study: {there}")
    decisions = read_decisions(file)
    return Recording(next(each.study for each in decisions if isinstance(each, StudyOpenedEntry)), decisions)


def replaying(study: StudySpec, recording: Recording) -> StudySpec:
    """The study under a name of its own; an `InputError` where it would not decide as the recorded one did."""
    if study.search is not None:
        raise InputError(f"{study.study_name} has populations, which come to the same by themselves; run it once more")
    for each in recording.decisions:
        if not isinstance(each, StudyOpenedEntry):
            continue
        study = with_stored_lists(study, each.made_of)
        if changes := difference(each.made_of, basis_of(study)):
            listed = "\n".join(f"  {line}" for line in changes)
            raise InputError(f"the recorded run of {recording.study} was of another specification:\n{listed}")
    return study.model_copy(update={"study_name": f"{recording.study}{SUFFIX}"})
