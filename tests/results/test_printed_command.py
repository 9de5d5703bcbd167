"""The commands that FxAI prints, as words of a shell."""

import shlex
from typing import Any

import typer
from hypothesis import given
from hypothesis import strategies as st

from fxai.cli.app import COMMANDS, Commands, app
from fxai.mirror.location import local_folder, storage_in
from fxai.results.printed_command import LOCATION_OPTIONS, StudyLocation

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)


def command_named(name: str) -> Any:
    group = typer.main.get_command(app)
    assert isinstance(group, Commands)
    return group.get_command(typer.Context(group), name)


def test_usual_places_are_left_out() -> None:
    assert StudyLocation().command("show", "fx_ai_quick", 3) == "fxai show fx_ai_quick 3"
    assert StudyLocation("sqlite:///a.db", "res").command("evaluate", "a") == "fxai evaluate a"


def test_a_password_is_not_printed() -> None:
    assert "secret" not in StudyLocation("postgresql://me:secret@server/db").command("status")
    given = StudyLocation().command("run", "next.yaml", options={"--storage": "postgresql://me:secret@server/db"})
    assert given == "fxai run next.yaml --storage 'postgresql://***@server/db'"
    kept = StudyLocation("postgresql://me:${PASSWORD}@server/db").command("status")
    assert shlex.split(kept)[-1] == "postgresql://me:${PASSWORD}@server/db"


@given(study=TEXT, storage=TEXT.map(lambda text: f"sqlite:////{text}"), results_dir=TEXT, output=TEXT)
def test_a_shell_reads_the_words_that_were_meant(study: str, storage: str, results_dir: str, output: str) -> None:
    location = StudyLocation(storage, results_dir)
    words = shlex.split(location.command("export", study, options={"--output": output, "--with-data": ""}))
    assert words[:2] == ["fxai", "export"]
    parser = command_named("export")
    context = parser.make_context("export", words[2:])
    assert (context.params["study"], str(context.params["storage"])) == (study, storage)
    assert context.params["with_data"] is True


def test_the_options_are_those_that_the_commands_have() -> None:
    for name in COMMANDS.keys() - {"data", "schema"}:
        taken = {option for param in command_named(name).params for option in param.opts}
        assert set(LOCATION_OPTIONS[name]) == taken & {"--storage", "--results-dir"}, name


def test_the_working_folder_of_a_url_is_printed_as_the_url() -> None:
    folder = local_folder("s3://bucket/results")
    location = StudyLocation(storage_in(folder), folder)
    assert location.command("best", "s") == "fxai best s --results-dir s3://bucket/results"
    named = StudyLocation("sqlite:///a.db", folder)
    assert named.command("best", "s") == "fxai best s --storage sqlite:///a.db --results-dir s3://bucket/results"
