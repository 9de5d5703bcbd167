"""Studies whose winner is trained again, for its confirmation and for its verdict: their defaults and checks."""

from collections.abc import Iterator

from fxai.errors import SpecError
from fxai.spec.checks.study_parts import StudyParts, parts_of
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.findings import Finding
from fxai.spec.search.signal_config import signal_config
from fxai.spec.search.study import StudySpec
from fxai.spec.search.verdict import VerdictConfig


def with_winner_defaults(study: StudySpec) -> StudySpec:
    """The study with a confirmation and a verdict, each unless it is off or impossible.

    A key that is absent stays None only where the study cannot have what it stands for.
    """
    parts = parts_of(study)
    confirm, verdict = study.confirm, study.verdict
    if confirm is None and not any(no_training_again(parts)):
        confirm = Confirmation()
    if verdict is None and not any(no_verdict(parts)):
        verdict = VerdictConfig()
    return study.model_copy(update={"confirm": confirm, "verdict": verdict})


def after_search(study: StudySpec) -> tuple[str, ...]:
    """One line on what a run does after the search, for a study with its defaults; empty if that is nothing."""
    steps = (
        *(("confirm (the best trials on fresh seeds)",) if isinstance(study.confirm, Confirmation) else ()),
        *(("verdict (the best trial on the test split)",) if isinstance(study.verdict, VerdictConfig) else ()),
    )
    return (f"After the search: {', '.join(steps)}.",) if steps else ()


def winner_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields the faults of a study with a confirmation or a verdict."""
    if isinstance(study.confirm, Confirmation):
        yield from (Finding(("confirm",), f"{reason}; write confirm: off") for reason in no_training_again(study))
    if isinstance(study.verdict, VerdictConfig):
        yield from (Finding(("verdict",), f"{reason}; write verdict: off") for reason in no_verdict(study))


def no_verdict(study: StudyParts) -> Iterator[str]:
    """Yields why the winner of a study cannot be judged on the test split of its data."""
    yield from no_training_again(study)
    if _has_no_test_split(study):
        yield "needs a test split, and data.split.validation leaves no bars for it"


def _has_no_test_split(study: StudyParts) -> bool:
    config = study.config
    if isinstance(config, TrainingConfig):
        return config.data.split.validation is None
    if config is None or study.objective != LLM_SIGNAL:
        return False
    try:
        return signal_config(config.root).data.split.validation is None
    except SpecError:  # the validation of the record reports the error
        return False


def no_training_again(study: StudyParts) -> Iterator[str]:
    """Yields why the winner of a study cannot be trained again on fresh seeds."""
    if study.is_custom and study.objective != LLM_SIGNAL:
        yield "applies to fx_trading and llm_signal only"
    if study.search is not None:
        yield "cannot train a member of a population again, whose parameters change during training"
    if study.has_objectives:
        yield "needs a single objective that orders the trials"
