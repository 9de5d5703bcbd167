"""The command that trains a study's best trial again."""

from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation


def train_command(paths: StudyPaths, trial: int, seeds: int = 1) -> str:
    """The command, with a separate output folder for each trial and number of seeds.

    Returns:
        The command; empty if the study has no best config.
    """
    if not paths.best_config.is_file():
        return ""
    folder = paths.trained / (f"trial-{trial}-seeds-{seeds}" if seeds > 1 else f"trial-{trial}")
    options: dict[str, str | int] = {"--seeds": seeds} if seeds > 1 else {}
    options["--output"] = str(folder)
    return StudyLocation().command("train", paths.best_config, options=options)
