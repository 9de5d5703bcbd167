"""How and why a run ended."""

from fxai.formatting import counted
from fxai.study.events import Ending, StudyProgress
from fxai.study.stop_rules import TriggeredRule


def final_ending(
    ending: Ending | None, progress: StudyProgress, *, stopped: bool, exhausted: str | None, held: TriggeredRule | None
) -> Ending:
    """How a run ended. `ending` is why no further trials began, None if nothing prevented them."""
    if progress.finished >= progress.total:
        return Ending.REACHED
    if ending is not None or stopped:
        return ending or Ending.INTERRUPTED
    if held is not None:
        return Ending(held.rule)
    return Ending.EXHAUSTED if exhausted else Ending.REACHED


def ending_reason(
    ending: Ending,
    progress: StudyProgress,
    timeout: float | None,
    *,
    exhausted: str | None,
    held: TriggeredRule | None,
    failures: str | None,
) -> str | None:
    """Why a run ended with this ending; None if it reached `n_trials`.

    Args:
        ending: How the run ended.
        progress: Counts of the study at the end.
        timeout: The study's timeout in seconds.
        exhausted: Why the sampler proposes no further trial.
        held: The stop rule that is met.
        failures: Why failed trials ended the run.
    """
    left = progress.total - progress.finished
    match ending:
        case Ending.REACHED:
            return None
        case Ending.EXHAUSTED:
            return f"{exhausted}, after {progress.finished} trials"
        case Ending.PATIENCE | Ending.VALUE | Ending.ENV_STEPS:
            return None if held is None else held.reason
        case Ending.TIMEOUT:
            return f"the study's timeout of {timeout:g} s was reached with {counted(left, 'trial')} left"
        case Ending.INTERRUPTED:
            return f"interrupted with {counted(left, 'trial')} left; run it again without --fresh to resume"
        case Ending.FAILING:
            return failures
