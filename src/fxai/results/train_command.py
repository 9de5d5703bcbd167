"""The commands that train a study's best trial: again from more seeds, and longer than in the search."""

from dataclasses import dataclass

from fxai.errors import InputError
from fxai.results.agent_seeds import agent_seeds, study_agent
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.training.best_config import BestConfig, load_best_config

_LONGER = 4  # factor for the number of updates


@dataclass(frozen=True, slots=True)
class FullTraining:
    """A training of the best trial with more updates than in the search."""

    searched: int  # updates of the best trial in the search
    updates: int
    command: str


def full_training(paths: StudyPaths, trial: int) -> FullTraining | None:
    """A longer training of the best trial.

    None if the number of updates is not known: without a best config, for custom code, and for a population, whose
    schedule ends with the search.
    """
    try:
        best = load_best_config(paths.best_config)
    except InputError:
        return None
    if not isinstance(best, BestConfig) or best.schedule:
        return None
    searched = best.training_config.training.total_updates
    updates = _LONGER * searched
    return FullTraining(searched, updates, train_command(paths, trial, total_updates=updates))


def train_command(paths: StudyPaths, trial: int, *, seeds: int | None = None, total_updates: int | None = None) -> str:
    """The command, with a separate output folder for each trial, number of seeds and number of updates.

    Args:
        paths: Files of the study.
        trial: The best trial.
        seeds: Number of seeds; None for the seeds of the study's agent.
        total_updates: Number of updates in place of the study's; None for the study's.

    Returns:
        The command; empty if the study has no best config.
    """
    if not paths.best_config.is_file():
        return ""
    options: dict[str, str | int] = {} if seeds is None else {"--seeds": seeds}
    members = seeds or len(agent_seeds(study_agent(paths)))
    folder = f"trial-{trial}" + (f"-seeds-{members}" if members > 1 else "")
    if total_updates is not None:
        options["--set"] = f"training.total_updates={total_updates}"
        folder += f"-updates-{total_updates}"
    options["--output"] = str(paths.trained / folder)
    return StudyLocation().command("train", paths.best_config, options=options)
