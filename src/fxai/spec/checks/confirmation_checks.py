"""Checks of studies whose winner is confirmed on fresh seeds."""

from collections.abc import Iterator

from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.search.findings import Finding


def confirmation_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields the faults of a study with a confirmation."""
    if study.confirm is None:
        return
    if study.is_custom:
        yield Finding(("confirm",), "applies to fx_trading only; write confirm: off")
    if study.search is not None:
        message = "cannot train a member of a population again, whose parameters change during training; "
        yield Finding(("confirm",), f"{message}write confirm: off")
    if study.has_objectives:
        yield Finding(("confirm",), "needs a single objective that orders the trials; write confirm: off")
