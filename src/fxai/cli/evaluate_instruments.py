"""`fxai evaluate AGENT` for an agent of several instruments: a track record of each, and the means of their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from fxai.cli.data_instruments import source_of
from fxai.cli.output import print_sentences, print_table, print_text, stdout
from fxai.cli.score_columns import SCORE_HEADINGS, score_cells
from fxai.errors import InputError
from fxai.formatting import counted, legible
from fxai.market.scores.equal_weights import equal_weights
from fxai.market.scores.track_record import TrackRecord
from fxai.market.splits.splits import Split
from fxai.metric_text import number_text
from fxai.protocol.standard_error import mean
from fxai.results.track_files import of_file, write_track

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.evaluation_window import EvaluationWindow

_HOLD = "buy_and_hold"


@dataclass(frozen=True, slots=True)
class EvaluatedInstrument:
    """The evaluation of an agent on one instrument."""

    agent: "Agent"
    window: "EvaluationWindow"
    record: TrackRecord


def evaluate_instruments(
    path: Path, agent: "Agent", data: str | None, split: Split | None, device: str
) -> Mapping[str, EvaluatedInstrument]:
    """The evaluation on each instrument of the training data, or of a mapping of other data, by name.

    Raises:
        InputError: The other data are one source, or have an instrument that the agent was not trained on.
    """
    from fxai.rl.agents.evaluation_window import evaluation_window, instrument_windows  # noqa: PLC0415 - slow to load
    from fxai.rl.agents.trajectory import track_record_of  # noqa: PLC0415

    if data is None:
        windows = instrument_windows(agent, split)
    else:
        agents = {name: (agent.on(name), source) for name, source in _sources(data, agent).items()}
        windows = {name: (of_one, evaluation_window(of_one, each, split)) for name, (of_one, each) in agents.items()}
    found = {}
    for name, (of_one, window) in windows.items():
        scored = window.market, window.span, window.split
        record = track_record_of(of_one, *scored, parts=window.parts, device=device)
        of_instrument = replace(record, made_of={"instrument": name, **record.made_of})
        found[name] = EvaluatedInstrument(of_one, window, of_file(path, of_instrument))
    return found


def record_of_all(agent: "Agent", evaluated: Mapping[str, EvaluatedInstrument]) -> TrackRecord:
    """The first record, with the origin of all of them: one look at the test split is at all instruments."""
    first = next(iter(evaluated.values())).record
    names: list[JsonValue] = list(evaluated)
    made_of = {**first.made_of, "data": "several instruments", "data_hash": agent.data_hash, "instruments": names}
    del made_of["instrument"]
    return replace(first, made_of=made_of)


def write_tracks(
    path: Path, evaluated: Mapping[str, EvaluatedInstrument], folder: Path
) -> Mapping[str, tuple[Path, ...]]:
    """Write the track record of each instrument. Returns the paths by name."""
    written = {}
    for name, each in evaluated.items():
        other = "" if each.window.is_training_data else f"_{Path(each.window.market.name).stem}"
        written[name] = write_track(each.record, folder, f"{path.stem}_{name}{other}_{each.window.split}")
    return written


def means_of(evaluated: Mapping[str, EvaluatedInstrument]) -> dict[str, float]:
    """The mean of each metric over the instruments; errors have no mean."""
    records = [each.record.metrics for each in evaluated.values()]
    names = [name for name in records[0] if not name.endswith("_error")]
    return {name: mean([metrics[name] for metrics in records]) for name in names}


def portfolio_of(evaluated: Mapping[str, EvaluatedInstrument]) -> Mapping[str, float]:
    """The metrics of the equal-weight portfolio of the instruments."""
    return equal_weights([each.record for each in evaluated.values()])


def print_instruments(path: Path, agent: "Agent", evaluated: Mapping[str, EvaluatedInstrument]) -> None:
    """Print a row for each instrument, and their means."""
    console = stdout()
    kind = f" (a committee of {len(agent.seeds)} agents)" if len(agent.seeds) > 1 else ""
    split = next(iter(evaluated.values())).window.split
    print_text(console, legible(f"{path}{kind} on {counted(len(evaluated), 'instrument')}, {split}"))
    headings = ("Instrument", "Bars", *SCORE_HEADINGS, "return of buy and hold")
    rows = [
        (name, str(len(each.record)), *score_cells(each.record.metrics), _hold(each.record))
        for name, each in evaluated.items()
    ]
    together = [
        ("mean", "", *score_cells(means_of(evaluated)), ""),
        ("equal weights", "", *score_cells(portfolio_of(evaluated)), ""),
    ]
    print_table(console, headings, [*rows, *together])
    print_sentences(
        console,
        "The value of a trial is the mean over the instruments.",
        "Equal weights are a portfolio with the mean of their returns at each time.",
    )


def print_files(files: Sequence[Path]) -> None:
    """Print the paths of the files that were written."""
    print_text(stdout(), "", "Files:", *(f"  {each}" for each in files))


def _hold(record: TrackRecord) -> str:
    return number_text("total_return", record.baseline_metrics[_HOLD]["total_return"], trading=True)


def _sources(data: str, agent: "Agent") -> Mapping[str, str]:
    written = source_of(data)
    if isinstance(written, str):
        names = [each.name for each in agent.instruments]
        raise InputError(
            f"the agent has the instruments {', '.join(names)}; say which one {data} has with --instrument "
            f"{names[0]}, or write --data '{{{names[0]}: {data}, ...}}'"
        )
    return written
