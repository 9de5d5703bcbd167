"""Checks of studies whose winner is trained again: for its confirmation, and for its verdict."""

from collections.abc import Iterator

from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.findings import Finding


def winner_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields the faults of a study with a confirmation or a verdict."""
    for key, settings in (("confirm", study.confirm), ("verdict", study.verdict)):
        if settings is not None:
            yield from _problems(key, study)
    config = study.config
    if study.verdict is not None and isinstance(config, TrainingConfig) and config.data.split.validation is None:
        message = "needs a test split; data.split.validation leaves no bars for it. Write verdict: off"
        yield Finding(("verdict",), message)


def _problems(key: str, study: StudyParts) -> Iterator[Finding]:
    if study.is_custom:
        yield Finding((key,), f"applies to fx_trading only; write {key}: off")
    if study.search is not None:
        message = "cannot train a member of a population again, whose parameters change during training"
        yield Finding((key,), f"{message}; write {key}: off")
    if study.has_objectives:
        yield Finding((key,), f"needs a single objective that orders the trials; write {key}: off")
