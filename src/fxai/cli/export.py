"""`fxai export STUDY`: a folder with the trials, the best agent and the spec, for other programs and machines."""

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
    """Values of `--format`."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    ALL = "all"


def export(
    study: StudyName,
    *,
    kind: Annotated[Format, typer.Option("--format", help="Format of the table of trials.")] = Format.ALL,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder to write. Default: RESULTS_DIR/STUDY/export.", show_default=False),
    ] = None,
    with_data: Annotated[bool, typer.Option("--with-data", help="Also copy the study's data file.")] = False,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """Export a study: its trials, the best agent and the spec.

    Writes all trials as CSV, Parquet and JSON, the best config and its agent, and the spec as it ran. The README of
    the folder has the commands that train the best agent again and repeat the search on another machine.
    """
    paths = StudyPaths(results_dir, study)
    with stored_study(storage, study) as stored:
        check_folder(paths, stored.user_attrs)
        source = Exported(StudyRecord.of_trials(stored, stored.trials()), stored.user_attrs, paths)
    kinds = list(TableFormat) if kind is Format.ALL else [TableFormat(kind.value)]
    folder = write_export(source, output or paths.export, kinds, with_data=with_data)
    if as_json:
        files = [str(path) for path in folder.files]
        print_json({"study": study, "folder": str(folder.folder), "files": files, "missing": list(folder.missing)})
        return
    console = stdout()
    names = (f"  {path.relative_to(folder.folder)}" for path in folder.files)
    print_text(console, f"Exported to {folder.folder}:", *names)
    if folder.missing:
        print_text(console, f"Missing, because no run of this study wrote it: {', '.join(folder.missing)}")
