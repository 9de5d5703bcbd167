"""Writes the track record of a study's agent, or of another agent, on the validation split."""

from pathlib import Path

from fxai.errors import FxaiError
from fxai.results.paths import StudyPaths
from fxai.results.signal_track import write_signal_track
from fxai.results.track_files import is_of, of_file, track_path


def write_agent_track(paths: StudyPaths) -> tuple[Path, ...]:
    """Write the track record of the agent of a study, if it has one of `fx_trading` or of `llm_signal`.

    Returns:
        Its path; nothing if there is none.

    Raises:
        FxaiError: As `write_validation_track` and `write_signal_track`.
    """
    if paths.signal_agent.is_dir():
        return write_signal_track(paths.signal_agent)
    return write_validation_track(paths.best_agent) if paths.best_agent.is_file() else ()


def write_validation_track(agent: Path) -> tuple[Path, ...]:
    """Write `AGENT_validation.json` unless it exists.

    Returns:
        Its path; nothing for an agent of several instruments, whose track records `fxai evaluate` writes.

    Raises:
        FxaiError: The agent or its data cannot be read, memory is too small, or the disk is full. No other result
            depends on this file.
    """
    path = track_path(agent.parent, f"{agent.stem}_validation")
    if is_of(agent, path):
        return (path,)
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - slow to load
    from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415
    from fxai.rl.agents.trajectory import track_record_of  # noqa: PLC0415

    try:
        loaded = load_agent(agent)
        if loaded.instruments:
            return ()
        window = evaluation_window(loaded, split="validation")
        record = track_record_of(loaded, window.market, window.span, window.split, parts=window.parts)
        of_file(agent, record).write(path)
    except (FxaiError, OSError, RuntimeError) as error:  # torch raises RuntimeError, also without memory
        raise FxaiError(f"the track record of {agent} on its validation split could not be written: {error}") from error
    return (path,)
