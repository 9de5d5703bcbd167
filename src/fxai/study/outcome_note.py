"""What `--notify` tells about a study that a run has ended."""

from pathlib import Path

from fxai.results.agent_seeds import study_agent
from fxai.results.paths import StudyPaths
from fxai.search.stored_run import RunState
from fxai.study.noted_run import state_of
from fxai.study.study_note import StudyNote, existing
from fxai.study.write_results import RunStatus, StudyOutcome


def outcome_note(outcome: StudyOutcome, results_dir: Path) -> StudyNote:
    """What is told about a study.

    Args:
        outcome: How the run ended.
        results_dir: Folder of results.
    """
    summary, paths = outcome.summary, StudyPaths(results_dir, outcome.study.study_name)
    state, reason = state_of(outcome.ended)
    if state is RunState.FINISHED and outcome.status is RunStatus.INCOMPLETE:
        state, reason = RunState.FAILED, "the results could not be written"
    confirmed, current = summary.confirmed, outcome.verdict.current
    return StudyNote(
        study=summary.study,
        state=state,
        reason=reason,
        metric=summary.metric,
        direction=summary.direction,
        best_trial=summary.best_trial,
        best_value=summary.best_value,
        error=summary.standard_error,
        confirmed_value=None if confirmed is None else confirmed.value,
        confirmed_error=None if confirmed is None else confirmed.standard_error,
        verdict=None if current is None else current.text,
        complete=summary.completed,
        pruned=summary.pruned,
        failed=summary.failed,
        target=outcome.study.n_trials,
        seconds=outcome.ended.seconds,
        folder=str(paths.directory.absolute()),
        report=existing(paths.report),
        config=existing(paths.best_config),
        agent=existing(study_agent(paths)),
        warnings=outcome.warnings,
    )
