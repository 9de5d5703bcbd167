"""The guide's three phases, and what to type after each study that belongs to a chain."""

from collections.abc import Collection
from shlex import quote

from fxai.cli.stored_studies import FoundStudy
from fxai.results.paths import StudyPaths

_FOLLOWED_BY = {
    "fx_ai_foundation": ("fx_ai_reward", "optuna-transfer-1to2", "optuna-reward"),
    "fx_ai_reward": ("fx_ai_finetune", "optuna-transfer-2to3", "optuna-finetune"),
}
_LAST = "fx_ai_finetune"


def next_after(study: FoundStudy, begun: Collection[str], paths: StudyPaths) -> str | None:
    """The command to type after a study, given the names of those that are begun.

    None for a study of no chain, and for a phase whose next one is begun.
    """
    name = study.brief.name
    if name in _FOLLOWED_BY:
        following, transfer, run = _FOLLOWED_BY[name]
        return None if following in begun else f"poetry run poe {transfer} && poetry run poe {run}"
    if study.gain is not None or name == _LAST:
        return f"poetry run fxai train {quote(str(paths.best_config))}"
    return None
