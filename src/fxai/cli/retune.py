"""`fxai retune STUDY --data FILE`: the same search on another window of bars."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fxai.cli.error_message import warning
from fxai.cli.notifying import Notes, NotifyCommand, notifying
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_text, stdout
from fxai.cli.plan import settings_of
from fxai.cli.require import RequireVerdict, check_required, missed
from fxai.cli.stored_studies import stored_overview, verdict_of
from fxai.errors import FxaiError
from fxai.evaluation.verdict_word import VerdictWord
from fxai.formatting import legible
from fxai.results.paths import StudyPaths
from fxai.search.server_connection import check_server
from fxai.study.study_note import StudyNote, existing

_FAILED = 1


def retune(
    study: StudyName,
    *,
    data: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Bars of the new window: a file, a folder or a named data set.", show_default=False
        ),
    ],
    top: Annotated[
        int, typer.Option(metavar="N", min=0, help="Number of best trials of the last window to run first.")
    ] = 5,
    n_jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=-1, help="Number of workers, -1 for the whole machine. Default: the study's."),
    ] = None,
    n_trials: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of trials of the window. Default: the study's.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Time after which no new trial starts.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Field of the spec, for this window. May be repeated."),
    ] = None,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    require: RequireVerdict = None,
    notify: NotifyCommand = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and the final summary.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print every report of every trial.")] = False,
) -> None:
    """Tune a study again on a moved window of bars.

    Runs the same search on other data, as a new study STUDY-DATE, with the date of the last bar. The best trials of
    the last window run first, after the default configuration. STUDY is the first study or any of its windows; the
    command line can stay the same every night. Splits are shares of the new bars, so the test split moves with them;
    dates of a split move with the last bar.

    The page over all windows is windows.html in the folder of the first study. Run again to resume. If the data have
    the same bars as a window, that window is continued.
    """
    flags = {"n_jobs": n_jobs, "n_trials": n_trials, "timeout": timeout}
    with notifying(notify, "retune") as notes:
        check_server(storage)
        from fxai.cli.run_studies import RunOptions, run_studies  # noqa: PLC0415 - slow to load, as those below
        from fxai.results.transfer_file import write_transfer  # noqa: PLC0415
        from fxai.study.next_window import next_window  # noqa: PLC0415
        from fxai.study.open_study import check_study  # noqa: PLC0415

        given, console = settings_of(settings or (), flags), stdout()
        planned = next_window(storage, results_dir, study, data, given, top=top)
        check_required(require, planned.spec.studies)
        check_study(planned.study)
        if not quiet or planned.is_done:
            print_text(console, *planned.notices)
        if planned.is_done:
            code = _end_without_window(planned.root, storage, results_dir, require, notes)
        else:
            if planned.transfer_spec is not None:
                name = planned.study.study_name
                write_transfer(StudyPaths(results_dir, name).transfer, planned.transfer_spec, name)
            options = RunOptions(given, quiet=quiet, verbose=verbose, require=require)
            code = run_studies(planned.spec, options, console, notes)
        _write_page(planned.root, storage, results_dir, console, notes)
        raise typer.Exit(code)


def _end_without_window(root: str, storage: str, results_dir: Path, require: str | None, notes: Notes) -> int:
    """The exit code if the data have the bars of the first study: that of the first study's verdict."""
    verdict = verdict_of(stored_overview(storage, root), results_dir).current
    word, text = (None, None) if verdict is None else (verdict.word, verdict.text)
    notes.studies.append(StudyNote(root, verdict=text, folder=existing(StudyPaths(results_dir, root).directory)))
    if require is None or word is VerdictWord.BETTER:
        return 0
    notes.reason = missed([root])
    return _FAILED


def _write_page(root: str, storage: str, results_dir: Path, console: Console, notes: Notes) -> None:
    """Write the page over all windows. A page that cannot be written is a warning."""
    from fxai.results.windows.windows_page import write_windows  # noqa: PLC0415 - plotly is slow to load

    try:
        page = write_windows(storage, root, results_dir)
    except (FxaiError, OSError) as error:
        warning(f"the page over all windows could not be written: {error}")
        return
    notes.studies = [replace(each, windows=existing(page)) for each in notes.studies]
    print_text(console, "", f"Windows of {legible(root)}: {page}")
