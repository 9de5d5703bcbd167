"""`fxai dashboard`: the Optuna dashboard in the browser."""

from typing import Annotated

import typer

from fxai.cli.options import DEFAULT_STORAGE, StorageUrl
from fxai.dashboard.serve import serve
from fxai.spec.defaults import DASHBOARD_PORT


def dashboard(
    *,
    storage: StorageUrl = DEFAULT_STORAGE,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port on this machine; 0 takes a free one.")
    ] = DASHBOARD_PORT,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Show the studies in the browser, live.

    Until Ctrl-C, on this machine only, and for reading only.
    """
    serve(storage, port, open_browser=open_browser, on_ready=_announce)


def _announce(address: str) -> None:
    typer.echo(f"Dashboard: {address} (Ctrl-C ends it)")
