"""`fxai dashboard`: serves the Optuna dashboard."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, ResultsDir, StorageUrl
from fxai.dashboard.serve import Shown, serve
from fxai.results.printed_command import StudyLocation
from fxai.results.shown_files import shown_files
from fxai.spec.fields.defaults import DASHBOARD_PORT


def dashboard(
    *,
    storage: StorageUrl = DEFAULT_STORAGE,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port on this machine; 0 means any free port.")
    ] = DASHBOARD_PORT,
    allow_edits: Annotated[
        bool,
        typer.Option("--allow-edits", help="Allow edits of notes and attributes, and renaming and deleting studies."),
    ] = False,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Show the studies live in the browser.

    Serves on this machine only, until Ctrl-C. The dashboard is read-only unless --allow-edits is given. While a run
    holds a study, only its notes and attributes can be edited. The page over all studies, with their reports and
    files, is at /fxai/.
    """
    edit = StudyLocation(storage, results_dir).command("dashboard", options={"--port": port, "--allow-edits": ""})
    files, index = partial(shown_files, results_dir), partial(_index_page, results_dir)
    shown = Shown(storage, files, index, allow_edits=allow_edits, edit_command=edit)
    serve(shown, port, open_browser=open_browser, on_ready=_announce)


def _index_page(results_dir: Path, studies: Sequence[str]) -> str:
    from fxai.results.report.index import index_page  # noqa: PLC0415 (plotly; the dashboard starts without it)

    return index_page(results_dir, studies)


def _announce(address: str) -> None:
    typer.echo(f"Dashboard: {address} (Ctrl-C to stop)")
