"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from fxai.cli.completion import complete_study
from fxai.spec.fields.defaults import RESULTS_DIR, STORAGE

DEFAULT_STORAGE = STORAGE
DEFAULT_RESULTS_DIR = Path(RESULTS_DIR)

StorageUrl: TypeAlias = Annotated[str, typer.Option("--storage", metavar="URL", help="Database of the studies.")]
ResultsDir: TypeAlias = Annotated[
    Path, typer.Option("--results-dir", metavar="DIR", help="Folder or URL of the studies' files.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
StudyName: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="Name of a study.", show_default=False, autocompletion=complete_study),
]
By: TypeAlias = Annotated[
    str | None, typer.Option(metavar="METRIC", help="Another metric of the trials, e.g. sharpe or loss:minimize.")
]
