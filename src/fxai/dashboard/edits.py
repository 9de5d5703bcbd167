"""Which edits of a study may be made while a run has it.

A run thinks in memory. Notes and attributes are rows of their own, which it neither reads nor writes again, so they
may come at any time. To delete or rename its study, or to tell one of its trials, would take from it what it stands
on; that waits until the run has ended.
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
    lock_directory: Path  # where the locks of studies on a server lie

    def refusal(self, environ: WSGIEnvironment) -> str | None:
        """Why the edit that is asked for cannot be made now."""
        path = environ.get("PATH_INFO", "").rstrip("/")
        method = environ["REQUEST_METHOD"]
        if _ALWAYS.fullmatch(path) and method in {"POST", "PUT"}:
            return None
        name = study_at(self.storage_url, path)
        if name is None:
            return "This dashboard knows no such edit."
        if is_held(self.storage_url, name, self.lock_directory):
            return f"A run has the study {name!r}: only notes and attributes can be edited until it has ended."
        return None


def study_at(storage_url: str, path: str) -> str | None:
    """The study that a path of the dashboard's API is about."""
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
