"""The track record of an agent of `llm_signal` on a split of its study."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from fxai.errors import FxaiError
from fxai.llm.signal_agent import SignalAgent, read_signal_agent
from fxai.market.news.basket_track import basket_track_record
from fxai.market.news.prepared_decisions import PreparedDecisions, prepare_decisions
from fxai.market.scores.track_record import TrackRecord
from fxai.market.splits.splits import Split
from fxai.results.track_files import is_of, of_file, track_path


def write_signal_track(folder: Path) -> tuple[Path, ...]:
    """Write the track record of the adapters of a folder on validation, `FOLDER_validation.json`, unless it exists.

    Returns:
        Its path.

    Raises:
        FxaiError: The adapters, the model, prices or news cannot be read, memory is too small, or the disk is full. No
            other result depends on this file.
    """
    path = track_path(folder.parent, f"{folder.name}_validation")
    if is_of(folder, path):
        return (path,)
    try:
        agent = read_signal_agent(folder)
        signal_track_record(folder, agent, decisions_of_agent(agent), "validation").write(path)
    except (FxaiError, OSError, RuntimeError) as error:  # torch raises RuntimeError, also without memory
        raise FxaiError(
            f"the track record of {folder} on its validation split could not be written: {error}"
        ) from error
    return (path,)


def decisions_of_agent(agent: SignalAgent) -> PreparedDecisions:
    """The decisions that score an agent.

    Raises:
        DataError: Prices or news cannot be read.
    """
    config = agent.scoring_config
    return prepare_decisions(config.data, config.news, config.decisions)


def signal_track_record(
    folder: Path, agent: SignalAgent, prepared: PreparedDecisions, split: Split, device: str = "cpu"
) -> TrackRecord:
    """The track record of the adapters of a folder, as a committee.

    Args:
        folder: The folder.
        agent: Its agent.
        prepared: Decisions of the agent's study.
        split: A split that they have.
        device: "cpu" or "cuda:N".

    Raises:
        InputError: The adapters or the model cannot be read.
    """
    from fxai.llm.signal_committee import committee_signals  # noqa: PLC0415 - torch, which a study's own process does without until here

    found = committee_signals([folder], prepared.market, prepared.splits.named()[split], device)
    made_of: dict[str, JsonValue] = {
        "data": ", ".join(prepared.market.names),
        "data_hash": agent.data_hash,
        "seeds": list(agent.seeds),
        "versions": dict(agent.versions),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    record = basket_track_record(
        found.decisions, found.committee, found.span, found.rules, split=split, made_of=made_of
    )
    return of_file(folder, record)
