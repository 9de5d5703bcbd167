"""`fxai report STUDY`: writes the report page of a study, or of all studies."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from fxai.cli.completion import complete_study
from fxai.cli.error_message import warning
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl
from fxai.cli.output import print_json, print_text, stdout
from fxai.cli.rebuild import rebuild_returns
from fxai.errors import InputError
from fxai.results.folder_key import check_folder, with_own_folder
from fxai.results.paths import StudyPaths, folder_fault
from fxai.results.report.blocks import ReportPage
from fxai.results.report.index import write_reports, write_row_and_index
from fxai.results.report.write import report_of, save_report
from fxai.search.studies import is_archived, load_study, readable_studies, study_names
from fxai.study.rebuild_returns import RebuildResult


def report(
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="Name of a study.", show_default=False, autocompletion=complete_study),
    ] = None,
    *,
    all_studies: Annotated[
        bool, typer.Option("--all", help="Write the reports of all studies, and index.html, which links to them.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="First compute missing returns on each bar again: from agents, or by training again."
        ),
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Write a study's report, a page that opens without network.

    The report shows the result, the next steps, the search, the best trial, the importances, the time and the
    failures. A run writes its report at the end. The page over all studies, index.html in the results folder, is
    written again too.

    Each trial leaves what its agents earned on each bar of the validation. With --rebuild, files of it that are missing
    or damaged are written again if the values of the trials are reached to the bit.
    """
    if (study is None) != all_studies:
        raise InputError("name a study, or use --all")
    if rebuild and study is None:
        raise InputError("--rebuild needs the name of a study")
    rebuilt = None if not rebuild or study is None else rebuild_returns(storage, results_dir, study, quiet=as_json)
    page = (
        _write_all(storage, results_dir, as_json=as_json)
        if study is None
        else _write_one(storage, results_dir, study, rebuilt, as_json=as_json)
    )
    if open_it:
        webbrowser.open(page.absolute().as_uri())


def _write_one(storage: str, results_dir: Path, study: str, rebuilt: RebuildResult | None, *, as_json: bool) -> Path:
    paths = StudyPaths(results_dir, study)
    stored = load_study(storage, study)
    check_folder(paths, stored.user_attrs)
    page = report_of(stored, paths, storage)
    save_report(page, paths.report)
    write_row_and_index(stored, paths)
    if as_json:
        print_json({**_as_json(page), "report": str(paths.report), **_rebuilt_as_json(rebuilt)})
    else:
        print_text(stdout(), str(paths.report))
    return paths.report


def _write_all(storage: str, results_dir: Path, *, as_json: bool) -> Path:
    names = [name for name in study_names(storage) if not is_archived(name) and _has_folder(name)]
    written = []
    readable = readable_studies(storage, names, _warn_skipped)
    for path in write_reports(with_own_folder(readable, results_dir, _warn_skipped), results_dir, storage):
        written.append(path)
        if not as_json:
            print_text(stdout(), str(path))
    if as_json:
        print_json({"index": str(written[-1]), "reports": [str(path) for path in written[:-1]]})
    return written[-1]


def _has_folder(study: str) -> bool:
    """Whether the study's name can be a folder's name; warns if not. Other programs may use any name."""
    fault = folder_fault(study)
    if fault is not None:
        _warn_skipped(fault)
    return fault is None


def _warn_skipped(fault: str) -> None:
    warning(f"skipped: {fault}")


def _as_json(page: ReportPage) -> dict[str, object]:
    return {
        "study": page.study,
        "found": " ".join(filter(None, (page.headline.finding, page.headline.comparison, page.headline.caution))),
        "next": [{"what": step.what, "why": step.why, "command": step.command or None} for step in page.steps],
    }


def _rebuilt_as_json(rebuilt: RebuildResult | None) -> dict[str, object]:
    if rebuilt is None:
        return {}
    return {"rebuilt": {"written": rebuilt.written, "not_written": rebuilt.not_written}}
