"""The command that trains a study's best trial again, in full."""

from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation


def train_command(paths: StudyPaths, trial: int, seeds: int = 1) -> str:
    """Each training has a folder of its own, since a folder holds one training.

    Returns an empty string where no run has left a best config.
    """
    if not paths.best_config.is_file():
        return ""
    several = seeds > 1
    folder = paths.trained / (f"trial-{trial}-seeds-{seeds}" if several else f"trial-{trial}")
    options: dict[str, str | int] = {"--seeds": seeds} if several else {}
    options["--output"] = str(folder)
    return StudyLocation().command("train", paths.best_config, options=options)
