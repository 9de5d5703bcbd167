"""Edits of a study that are allowed during a run.

A run holds its study in memory. It neither reads nor rewrites notes and attributes, so these can be edited at any
time. Deleting or renaming the study, or setting the result of a trial, would damage the run, so these edits are
refused until the run has ended.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIEnvironment

from fxai.search.lock import is_held
from fxai.search.rows import rows_of

_ALWAYS = re.compile(r"/api/studies/\d+(/\d+)?/note|/api/trials/\d+/user-attrs|/api/studies")
_OF_STUDY = re.compile(r"/api/studies/(\d+)(/.*)?")
_OF_TRIAL = re.compile(r"/api/trials/(\d+)/.*")


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits of the studies of a database."""

    storage_url: str
    lock_directory: Path  # of the locks of studies on database servers

    def refusal(self, environ: WSGIEnvironment) -> str | None:
        """Why the requested edit is not allowed now; None if it is allowed."""
        path = environ.get("PATH_INFO", "").rstrip("/")
        method = environ["REQUEST_METHOD"]
        if _ALWAYS.fullmatch(path) and method in {"POST", "PUT"}:
            return None
        name = study_at(self.storage_url, path)
        if name is None:
            return "This dashboard does not have this edit."
        if is_held(self.storage_url, name, self.lock_directory):
            return f"A run holds the study {name!r}: only notes and attributes can be edited until the run has ended."
        return None


def study_at(storage_url: str, path: str) -> str | None:
    """The name of the study in a path of the dashboard's API; None if there is none."""
    with rows_of(storage_url) as rows:
        if found := _OF_STUDY.fullmatch(path):
            names = rows("SELECT s.study_name FROM studies s WHERE s.study_id = :study", study=int(found[1]))
        elif found := _OF_TRIAL.fullmatch(path):
            names = rows(
                "SELECT s.study_name FROM studies s JOIN trials t ON t.study_id = s.study_id WHERE t.trial_id = :trial",
                trial=int(found[1]),
            )
        else:
            return None
    return next((str(name) for (name,) in names), None)
