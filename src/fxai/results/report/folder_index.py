"""Index page of several results folders, such as `task1_hpo_results/` and `task2_hpo_results/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import fxai
from fxai.atomic_write import write_text
from fxai.results.page.render import page_html
from fxai.results.study_results import StudyResults


@dataclass(frozen=True, slots=True)
class Entry:
    """One study of the page."""

    name: str
    report: str  # a link
    folder: str  # its results folder, relative to the page
    goals: str
    best: str


def write_folder_index(folder: Path, studies: Mapping[str, StudyResults]) -> Path:
    """Write `index.html` in the folder, with a link to the report of each study below it; `studies` by their names."""
    entries = [_entry(folder.absolute(), name, each) for name, each in studies.items()]
    written = f"Written by FxAI {fxai.__version__} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    content = {
        "entries": entries,
        "counted": "1 study" if len(entries) == 1 else f"{len(entries)} studies",
        "written": written,
    }
    index = folder / "index.html"
    write_text(index, page_html("folders.html", content))
    return index


def _entry(folder: Path, name: str, results: StudyResults) -> Entry:
    record = results.record
    return Entry(
        name=name,
        report=quote(results.paths.report.relative_to(folder).as_posix()),
        folder=results.paths.results_dir.relative_to(folder).as_posix(),
        goals=", ".join(f"{goal.direction} {goal.metric}" for goal in record.goals),
        best="-" if record.best is None or record.front else results.best_text,
    )
