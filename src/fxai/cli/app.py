"""The `fxai` program. Errors become a message and an exit code in `main`, and nowhere else."""

import sys
from importlib import import_module
from shlex import quote
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import fxai
from fxai.cli.command import HELP, typer_app
from fxai.cli.command_line import with_command
from fxai.cli.completion import Completion
from fxai.cli.error_message import error_message, exit_code_of
from fxai.cli.library_warnings import hide_library_warnings
from fxai.errors import FxaiError, InputError
from fxai.formatting import legible
from fxai.no_collection import no_collection
from fxai.spec.fields.suggestion import did_you_mean

COMMANDS = {
    "run": "Run the studies of a spec.",
    "retune": "Tune a study again on a moved window of bars.",
    "check": "Check specs for mistakes and questionable settings.",
    "schema": "Print the JSON Schema of a spec, for editors.",
    "status": "List the studies with their progress and their verdicts.",
    "best": "Show a study's summary, its best parameters and the verdict.",
    "results": "Show the results of the studies and their files.",
    "analysis": "Show importances, convergence and the leading trials.",
    "compare": "Compare several studies in the terminal and on a page.",
    "show": "Show the details of one trial.",
    "report": "Write a study's report, a page that opens without network.",
    "plot": "Draw a study's plots for any metric of its trials.",
    "export": "Export a study: its trials, the best agent and the spec.",
    "transfer": "Transfer the results of a study to the next study.",
    "train": "Train agents from a config file.",
    "evaluate": "Score an agent on market data and write its track record.",
    "verdict": "Test a study's best trial on bars that the search did not use.",
    "dashboard": "Show the studies live in the browser.",
    "data": "Describe market data.",
}
_EPILOG = (
    "Without a command: --spec FILE means run --spec FILE, --show-best STUDY means best STUDY, "
    "--show-results means results, --dashboard means dashboard.\n\n"
    "Exit codes: 0 success; 1 the command failed; 2 the input is wrong; 3 another run holds the study; 130 interrupted."
)


class Commands(TyperGroup):
    """The commands. The file of a command is imported when the command is called, which keeps the start short."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            ctx.fail(_no_command(cmd_name))
        with no_collection():
            entry = getattr(import_module(f"fxai.cli.{cmd_name}"), cmd_name)
        return typer.main.get_command(entry if isinstance(entry, typer.Typer) else typer_app(entry))

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the names of commands without importing the commands."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [Completion(name, line) for name, line in COMMANDS.items() if name.startswith(incomplete)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 (Click's signature)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _no_command(name: str) -> str:
    """The message for an unknown command, with a command of a similar name or the spec of that name."""
    from fxai.spec.reading.find_spec import find_spec  # noqa: PLC0415 (only a mistyped command needs it)

    wrong, shown = f"there is no command '{legible(name)}'", quote(legible(name))
    try:
        find_spec(name)
    except InputError:
        return f"{wrong}{did_you_mean(name, COMMANDS) or '.'} Commands: {', '.join(COMMANDS)}"
    return f"{wrong}; to run the spec of this name: fxai run {shown}"


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
    epilog=_EPILOG,
)


def main() -> None:
    """Run the command line of this process. An `FxaiError` or an `OSError` of a file ends it with an exit code."""
    hide_library_warnings()
    try:
        app(with_command(sys.argv[1:]), prog_name="fxai")
    except FxaiError as error:
        typer.echo(error_message(error), err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a wrong path, or an error of its disk
        if error.filename is None:
            raise
        typer.echo(error_message(error), err=True)
        sys.exit(exit_code_of(error))


def _print_version(wanted: bool) -> None:  # noqa: FBT001 (Typer passes it so)
    if wanted:
        typer.echo(f"fxai {fxai.__version__}")
        raise typer.Exit


@app.callback()
def program(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find good hyperparameters for trading agents, fast and honestly."""
