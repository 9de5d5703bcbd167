"""Checks of studies whose winner is trained again: for its confirmation, and for its verdict."""

from collections.abc import Iterator

from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.findings import Finding


def winner_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields the faults of a study with a confirmation or a verdict."""
    if study.confirm is not None:
        yield from (Finding(("confirm",), f"{reason}; write confirm: off") for reason in no_training_again(study))
    if study.verdict is not None:
        yield from (Finding(("verdict",), f"{reason}; write verdict: off") for reason in no_verdict(study))


def no_verdict(study: StudyParts) -> Iterator[str]:
    """Yields why the winner of a study cannot be judged on the test split of its data."""
    yield from no_training_again(study)
    config = study.config
    if isinstance(config, TrainingConfig) and config.data.split.validation is None:
        yield "needs a test split, and data.split.validation leaves no bars for it"


def no_training_again(study: StudyParts) -> Iterator[str]:
    """Yields why the winner of a study cannot be trained again on fresh seeds."""
    if study.is_custom:
        yield "applies to fx_trading only"
    if study.search is not None:
        yield "cannot train a member of a population again, whose parameters change during training"
    if study.has_objectives:
        yield "needs a single objective that orders the trials"
