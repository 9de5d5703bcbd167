"""`fxai export STUDY`: what a study found, for other programs and for others to repeat."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl, StudyName
from fxai.cli.output import print_json, print_text, stdout
from fxai.results.export.folder import Exported, write_export
from fxai.results.export.trial_table import TableFormat
from fxai.results.folder_key import check_folder
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.studies import stored_study


class Format(StrEnum):
    """What `--format` takes."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    ALL = "all"


def export(
    study: StudyName,
    *,
    kind: Annotated[Format, typer.Option("--format", help="How the trials are written.")] = Format.ALL,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder to write; RESULTS_DIR/STUDY/export unless given.", show_default=False),
    ] = None,
    with_data: Annotated[bool, typer.Option("--with-data", help="Copy the study's own data file, too.")] = False,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Write out a study for others: tables, agent, all that repeats it.

    All trials as CSV, Parquet and JSON, the best config and its agent, and the spec as it ran. The folder's README has
    the commands that train the best agent again and repeat the search, anywhere.
    """
    paths = StudyPaths(results_dir, study)
    with stored_study(storage, study) as stored:
        check_folder(paths, stored.user_attrs)
        made_of = Exported(StudyRecord.made_of(stored, stored.trials()), stored.user_attrs, paths)
    kinds = list(TableFormat) if kind is Format.ALL else [TableFormat(kind.value)]
    made = write_export(made_of, output or paths.export, kinds, with_data=with_data)
    if as_json:
        files = [str(path) for path in made.files]
        print_json({"study": study, "folder": str(made.folder), "files": files, "missing": list(made.missing)})
        return
    console = stdout()
    print_text(console, f"Exported to {made.folder}:", *(f"  {path.relative_to(made.folder)}" for path in made.files))
    if made.missing:
        print_text(console, f"Not there, as no run of this study left it: {', '.join(made.missing)}")
