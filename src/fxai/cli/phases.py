"""The guide's three phases, and what to type after each study that belongs to a chain."""

from collections.abc import Collection
from pathlib import Path

from fxai.cli.stored_studies import FoundStudy
from fxai.results.paths import StudyPaths
from fxai.results.printed_command import StudyLocation
from fxai.results.train_command import train_command

_FOLLOWED_BY = {  # the next study, its spec, and how it takes over
    "fx_ai_foundation": ("fx_ai_reward", "reward", "fix"),
    "fx_ai_reward": ("fx_ai_finetune", "finetune", "fix,narrow"),
}
_LAST = "fx_ai_finetune"


def next_after(study: FoundStudy, begun: Collection[str], location: StudyLocation) -> str | None:
    """The command to type after a study, given the names of those that are begun.

    None for a study of no chain, and for a phase whose next one is begun.
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
        return train_command(paths, study.overview.best.number) or None
    return None
