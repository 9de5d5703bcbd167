"""The look of `fxai evaluate` at a test split: it is recorded beside the agent, and the user is warned."""

from pathlib import Path

from fxai.cli.error_message import warning
from fxai.errors import FxaiError
from fxai.market.scores.track_record import TrackRecord
from fxai.results.track_files import note_test_look


def warn_about_test_split(folder: Path, record: TrackRecord) -> None:
    """Record a look at the test split in the folder of the agent's files, and warn of it."""
    try:
        looks = f"Looks recorded in {folder} so far: {note_test_look(folder, record)}"
    except FxaiError as error:
        looks = f"This look could not be recorded: {error}"
    warning(
        "a choice made by the test split can no longer be judged on the test split. Look at it once, at the end. "
        f"{looks}"
    )
