"""`fxai report STUDY`: all that there is to see of a study, on one page."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from fxai.cli.completion import complete_study
from fxai.cli.error_message import warning
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl
from fxai.cli.output import print_json, print_text, stdout
from fxai.errors import InputError
from fxai.results.folder_key import check_folder, with_own_folder
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.report.blocks import ReportPage
from fxai.results.report.index import write_reports, write_row_and_index
from fxai.results.report.write import report_of, save_report
from fxai.search.studies import is_archived, load_study, readable_studies, study_names


def report(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="Name of a study.", show_default=False, autocompletion=complete_study),
    ] = None,
    *,
    all_studies: Annotated[
        bool, typer.Option("--all", help="Of all studies, with a page over them: index.html in the results folder.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Write a study's report, one page that opens without network.

    What was found and what to do next, the search, the winner, what matters, time, failures. As a run does at
    its end. The page over all studies of the results folder, index.html, is written anew too.
    """
    if (study is None) != all_studies:
        raise InputError("name a study, or say --all")
    written = (
        _of_all(storage, results_dir, as_json=as_json)
        if study is None
        else _of_one(storage, results_dir, study, as_json=as_json)
    )
    if open_it:
        webbrowser.open(written.absolute().as_uri())


def _of_one(storage: str, results_dir: Path, study: str, *, as_json: bool) -> Path:
    paths = StudyPaths(results_dir, study)
    stored = load_study(storage, study)
    check_folder(paths, stored.user_attrs)
    made = report_of(stored, paths, storage)
    save_report(made, paths.report)
    write_row_and_index(stored, paths)
    if as_json:
        print_json({**_as_json(made), "report": str(paths.report)})
    else:
        print_text(stdout(), str(paths.report))
    return paths.report


def _of_all(storage: str, results_dir: Path, *, as_json: bool) -> Path:
    names = [name for name in study_names(storage) if not is_archived(name) and _has_folder(name)]
    written = []
    readable = readable_studies(storage, names, _left_out)
    for path in write_reports(with_own_folder(readable, results_dir, _left_out), results_dir, storage):
        written.append(path)
        if not as_json:
            print_text(stdout(), str(path))
    if as_json:
        print_json({"index": str(written[-1]), "reports": [str(path) for path in written[:-1]]})
    return written[-1]


def _has_folder(study: str) -> bool:
    """Whether a study, which another program may have made, has a name that can be a folder's; else it is said."""
    fault = folder_fault(study)
    if fault is not None:
        _left_out(fault)
    return fault is None


def _left_out(fault: str) -> None:
    warning(f"left out: {fault}")


def _as_json(made: ReportPage) -> dict[str, object]:
    return {
        "study": made.study,
        "found": " ".join(filter(None, (made.lead.finding, made.lead.comparison, made.lead.caution))),
        "next": [{"what": step.what, "why": step.why, "command": step.command or None} for step in made.steps],
    }
