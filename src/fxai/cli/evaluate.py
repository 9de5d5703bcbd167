"""`fxai evaluate AGENT`: what a trained agent does on bars, in figures and files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from fxai.cli.error_message import warning
from fxai.cli.options import AsJson
from fxai.cli.output import print_json, print_table, print_text, stdout
from fxai.errors import FxaiError, InputError
from fxai.formatting import counted, legible
from fxai.market.splits import Split
from fxai.market.track_record import TrackRecord
from fxai.metric_text import number_text
from fxai.results.track_files import note_test_look, of_file, write_track

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.evaluation_window import EvaluationWindow

_SPLITS: tuple[Split, ...] = get_args(Split)


def evaluate(
    agent: Annotated[Path, typer.Argument(metavar="AGENT", help="An agent's safetensors file.", show_default=False)],
    *,
    data: Annotated[
        str | None, typer.Option(metavar="FILE", help="Other bars than its own: a file, or a named data set.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(_SPLITS),
            help="Part of the data; validation unless given, of other data all.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the files; the agent's own unless given.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the agent for other programs: FILE.pt2 (torch.export) or FILE.onnx."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score an agent on bars, and write what it did.

    It is scored as its training scored it, without learning, beside strategies that buy and hold, sell and hold, or
    stay flat. The files: the track record as JSON, its bars and its trades as CSV. An exported model is checked to
    act the same on these bars before it is left.
    """
    from fxai.rl.agents.agent import load_agent  # noqa: PLC0415 - torch, which other commands need not load
    from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415
    from fxai.rl.agents.trajectory import observations_on, track_record_of  # noqa: PLC0415

    named = None if split is None else _named(split)
    loaded = load_agent(agent)
    window = evaluation_window(loaded, data, named)
    record = of_file(agent, track_record_of(loaded, window.market, window.span, window.split, parts=window.parts))
    _warn_of_age(loaded, window, data)
    _warn_of_split(window, agent, record)
    files = write_track(record, output or agent.parent, _name(agent, window, data))
    if export is not None:
        loaded.export(export, observations_on(loaded, window.market, window.span))
        files = (*files, export)
    if as_json:
        print_json(_document(agent, record, files))
    else:
        _print(agent, record, files)


def _name(agent: Path, window: "EvaluationWindow", data: str | None) -> str:
    """Of the files: an evaluation on other data never replaces one on the agent's own."""
    other = f"_{Path(window.market.name).stem}" if data is not None and not window.is_training_data else ""
    return f"{agent.stem}{other}_{window.split}"


def _named(split: str) -> Split:
    for known in _SPLITS:
        if known == split:
            return known
    raise InputError(f"there is no split {split!r}; the splits are {', '.join(_SPLITS)}")


def _warn_of_age(agent: "Agent", window: "EvaluationWindow", data: str | None) -> None:
    if agent.scoring_env is None:
        warning("the agent's file is of a version that did not say what scored it; the environment it learnt in does")
    if data is None and not window.is_training_data:
        warning(
            f"{window.market.name} is not as it was when the agent was trained: its splits may lie elsewhere now, and "
            "the agent may have learnt from bars that score it here"
        )


def _warn_of_split(window: "EvaluationWindow", agent: Path, record: TrackRecord) -> None:
    """What takes from the worth of the figures; a look at the test split is noted."""
    if window.is_training_data and window.split in ("train", "all"):
        warning("the agent has learnt from these bars: on others it will do worse")
    if not window.uses_test_split:
        return
    try:
        looks = f"Looks noted in {agent.parent} so far: {note_test_look(agent.parent, record)}"
    except FxaiError as error:
        looks = f"This look could not be noted: {error}"
    warning(
        "looking at the test split spends it: whoever chooses by what it shows has nothing left that judges the "
        f"choice. {looks}"
    )


def _document(agent: Path, record: TrackRecord, files: tuple[Path, ...]) -> dict[str, object]:
    return {
        "agent": str(agent),
        "split": record.split,
        "from": record.times[0],
        "to": record.times[-1],
        "bars": len(record),
        "metrics": record.metrics,
        "baselines": record.baseline_metrics,
        "trades": len(record.trades),
        "made_of": record.made_of,
        "files": [str(path) for path in files],
    }


def _print(agent: Path, record: TrackRecord, files: tuple[Path, ...]) -> None:
    console = stdout()
    where = f"{record.made_of['data']}, {record.split}: {counted(len(record), 'bar')}"
    print_text(console, legible(f"{agent} on {where}, {record.times[0]} to {record.times[-1]}"))
    names = {name: name.replace("_", " ") for name in record.baselines}
    rows = [
        (name, _cell(name, value), *(_cell(name, record.baseline_metrics[each].get(name)) for each in names))
        for name, value in record.metrics.items()
    ]
    print_table(console, ("Metric", "Agent", *names.values()), rows)
    print_text(console, "", "Files:", *(f"  {path}" for path in files))


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else number_text(name, value, trading=True)
