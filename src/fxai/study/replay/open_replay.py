"""The study of `fxai run --replay FILE`, which repeats the recorded decisions of another study."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fxai.errors import InputError
from fxai.spec.checks.stored_parts import with_stored_parts
from fxai.spec.search.fingerprint import difference
from fxai.spec.search.study import Spec, StudySpec
from fxai.study.replay.decisions import Entry, StudyOpenedEntry, basis_of, read_decisions

SUFFIX = "-replay"


@dataclass(frozen=True, slots=True)
class Recording:
    """The recorded decisions of a study."""

    study: str
    decisions: Sequence[Entry]


def recording_of(file: Path, plan: Spec) -> Recording:
    """The recording in a file, for a plan with one study.

    Raises:
        InputError: the plan has several studies, or the file has no decisions.
    """
    if len(plan.studies) > 1:
        names = ", ".join(each.study_name for each in plan.studies)
        raise InputError(f"--replay repeats one study; select it with --study: {names}")
    decisions = read_decisions(file)
    return Recording(next(each.study for each in decisions if isinstance(each, StudyOpenedEntry)), decisions)


def replaying(study: StudySpec, recording: Recording) -> StudySpec:
    """The study of a replay, under a name of its own. Its defaults are no confirmation and no verdict.

    Raises:
        InputError: the study has populations, or it differs from the recorded one in what decides.
    """
    if study.search is not None:
        raise InputError(
            f"{study.study_name} has populations, whose results do not depend on timing; run it without --replay"
        )
    for each in recording.decisions:
        if not isinstance(each, StudyOpenedEntry):
            continue
        study = with_stored_parts(study, each.made_of)
        if changes := difference(each.made_of, basis_of(study)):
            listed = "\n".join(f"  {line}" for line in changes)
            raise InputError(f"the recorded run of {recording.study} had another specification:\n{listed}")
    only_search = {"confirm": study.confirm or "off", "verdict": study.verdict or "off"}
    return study.model_copy(update={"study_name": f"{recording.study}{SUFFIX}", **only_search})
