"""The guide's three phases: what to type after each of them."""

from collections.abc import Collection

_AFTER = (
    ("fx_ai_foundation", "fx_ai_reward", "poetry run poe optuna-transfer-1to2, then poetry run poe optuna-reward"),
    ("fx_ai_reward", "fx_ai_finetune", "poetry run poe optuna-transfer-2to3, then poetry run poe optuna-finetune"),
    ("fx_ai_finetune", None, "poetry run fxai train optuna_results/fx_ai_finetune/fx_ai_finetune_best_config.yaml"),
)


def next_of(studies: Collection[str]) -> str | None:
    """The next command of the phases, given the studies that are there; None where none of them was begun."""
    for phase, following, command in reversed(_AFTER):
        if phase in studies and following not in studies:
            return command
    return None
