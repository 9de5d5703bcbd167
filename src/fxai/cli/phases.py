"""The command that follows a study of the three phases, or a study with a transfer."""

from collections.abc import Collection
from pathlib import Path

from fxai.cli.stored_studies import FoundStudy
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.train_command import full_training

_FOLLOWED_BY = {  # study -> next study, its spec, modes of the transfer
    "fx_ai_foundation": ("fx_ai_reward", "reward", "fix"),
    "fx_ai_reward": ("fx_ai_finetune", "finetune", "fix,narrow"),
}
_LAST = "fx_ai_finetune"


def next_after(study: FoundStudy, begun: Collection[str], location: StudyLocation) -> str | None:
    """The next command after a study.

    Args:
        study: The study.
        begun: Names of all studies of the database.
        location: Storage and results folder of the command.

    Returns:
        The command; None for a study without a next phase, and for a phase whose next phase exists already.
    """
    name = study.overview.name
    if name in _FOLLOWED_BY:
        following, spec, mode = _FOLLOWED_BY[name]
        if following in begun:
            return None
        transfer = location.command("transfer", name, options={"--to": spec, "--mode": mode})
        return f"{transfer} && {location.command('run', spec)}"
    if (study.gain is not None or name == _LAST) and study.overview.best is not None:
        paths = StudyPaths(Path(location.results_dir), name)
        full = full_training(paths, study.overview.best.number)
        return None if full is None else full.command
    return None
