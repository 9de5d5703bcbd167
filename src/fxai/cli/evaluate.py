"""`fxai evaluate AGENT`: score and track record of a trained agent on market data."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from fxai.cli.error_message import warning
from fxai.cli.evaluate_costs import AtCosts, cost_multiples, costs_document, print_costs, scores_at_costs
from fxai.cli.evaluate_instruments import (
    evaluate_instruments,
    means_of,
    portfolio_of,
    print_files,
    print_instruments,
    record_of_all,
    write_tracks,
)
from fxai.cli.evaluate_signals import evaluate_signals
from fxai.cli.options import AsJson
from fxai.cli.output import print_json, print_sentences, print_table, print_text, stdout
from fxai.cli.warn_about_test_split import warn_about_test_split
from fxai.errors import InputError
from fxai.formatting import counted, legible
from fxai.llm.signal_agent import agent_folder
from fxai.market.scores.track_record import TrackRecord
from fxai.market.splits.splits import Split
from fxai.metric_text import metric_texts, number_text
from fxai.pool import slot_on
from fxai.results.member_scores import HEADINGS, member_rows
from fxai.results.track_files import of_file, write_track

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.evaluation_window import EvaluationWindow

_SPLITS: tuple[Split, ...] = get_args(Split)


def evaluate(
    agent: Annotated[
        Path,
        typer.Argument(
            metavar="AGENT", help="An agent's safetensors file, or a folder of adapters.", show_default=False
        ),
    ],
    *,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Other data than the agent's own: a file, a named data set, or a file by instrument."
        ),
    ] = None,
    instrument: Annotated[
        str | None, typer.Option(metavar="NAME", help="The instrument of an agent of several. Default: all.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(_SPLITS),
            help="Part of the data. Default: validation; all of the data with --data.",
            show_default=False,
        ),
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Score it also at multiples of the costs of a fill, such as 0.5,1,2,4."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the files. Default: the agent's folder.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Export the agent for other programs: FILE.pt2 (torch.export) or FILE.onnx."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="DEVICE", help="cpu, or a GPU as cuda:1 or 1.")] = "cpu",
    as_json: AsJson = False,
) -> None:
    """Score an agent on market data and write its track record.

    The agent is scored in the scoring environment of its training, without learning, and compared with buy and hold,
    sell and hold, and no position. The files are the track record as JSON, and its bars and trades as CSV. An
    exported model is kept only if it acts like the agent on these bars.

    An agent of several instruments is scored on each of them. A folder of adapters of llm_signal is scored on a split
    of its study.
    """
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - slow to load
    from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415
    from fxai.rl.agents.trajectory import observations_on, track_record_of  # noqa: PLC0415

    chosen = None if split is None else _split_named(split)
    multiples, there = cost_multiples(costs), _device_here(device)
    if agent.is_dir():
        refused = {"--data": data, "--instrument": instrument, "--costs": costs, "--export": export}
        evaluate_signals(agent_folder(agent), chosen, refused=refused, output=output, device=there, as_json=as_json)
        return
    loaded = load_agent(agent)
    if instrument is not None:
        loaded = loaded.on(instrument)
    if loaded.instruments:
        folder = output or agent.parent
        _evaluate_all(
            agent, loaded, data, chosen, multiples, device=there, folder=folder, export=export, as_json=as_json
        )
        return
    window = evaluation_window(loaded, data, chosen)
    scored = window.market, window.span, window.split
    record = of_file(agent, track_record_of(loaded, *scored, parts=window.parts, device=there))
    _warn_about_age(loaded, window, data)
    _warn_about_split(window, agent, record)
    files = write_track(record, output or agent.parent, _name(agent, window, data, instrument))
    if export is not None:
        loaded.export(export, observations_on(loaded, window.market, window.span))
        files = (*files, export)
    at_costs = scores_at_costs([(loaded, window)], multiples, there)
    if as_json:
        print_json({**_document(agent, record, files), **costs_document(at_costs)})
    else:
        _print(agent, record, at_costs, files)


def _evaluate_all(
    path: Path,
    agent: "Agent",
    data: str | None,
    split: Split | None,
    multiples: Sequence[float],
    *,
    device: str,
    folder: Path,
    export: Path | None,
    as_json: bool,
) -> None:
    """Score an agent on all its instruments."""
    from fxai.rl.agents.trajectory import observations_on  # noqa: PLC0415 - slow to load

    evaluated = evaluate_instruments(path, agent, data, split, device)
    first = next(iter(evaluated.values()))
    for each in evaluated.values():
        _warn_about_age(each.agent, each.window, data)
    _warn_about_split(first.window, path, record_of_all(agent, evaluated))
    tracks = write_tracks(path, evaluated, folder)
    files = tuple(file for of_one in tracks.values() for file in of_one)
    if export is not None:
        first.agent.export(export, observations_on(first.agent, first.window.market, first.window.span))
        files = (*files, export)
    at_costs = scores_at_costs([(each.agent, each.window) for each in evaluated.values()], multiples, device)
    if as_json:
        documents = {name: _document(path, each.record, tracks[name]) for name, each in evaluated.items()}
        print_json(
            {
                "agent": str(path),
                "metrics": means_of(evaluated),
                "equal_weights": portfolio_of(evaluated),
                "instruments": documents,
                **costs_document(at_costs),
            }
        )
    else:
        print_instruments(path, agent, evaluated)
        print_costs(at_costs)
        print_files(files)


def _name(agent: Path, window: "EvaluationWindow", data: str | None, instrument: str | None) -> str:
    """The beginning of the files' names. With other data it holds the data's name, so that no file is replaced."""
    other = f"_{Path(window.market.name).stem}" if data is not None and not window.is_training_data else ""
    return f"{agent.stem}{f'_{instrument}' if instrument else ''}{other}_{window.split}"


def _device_here(name: str) -> str:
    """The name of a device in this process. A GPU is made the only one of the process, as for a worker."""
    slot = slot_on(name)
    os.environ.update(slot.environment)
    return slot.device


def _split_named(split: str) -> Split:
    for known in _SPLITS:
        if known == split:
            return known
    raise InputError(f"there is no split {split!r}; the splits are {', '.join(_SPLITS)}")


def _warn_about_age(agent: "Agent", window: "EvaluationWindow", data: str | None) -> None:
    if agent.scoring_env is None:
        warning(
            "the agent's file is from an earlier version and names no scoring environment; the agent is scored in the "
            "environment of its training"
        )
    if data is None and not window.is_training_data:
        warning(
            f"{window.market.name} has changed since the agent was trained: the splits may have moved, and the agent "
            "may have been trained on bars of this split"
        )


def _warn_about_split(window: "EvaluationWindow", agent: Path, record: TrackRecord) -> None:
    """Warn if the score is too good because of the split. A look at the test split is recorded."""
    if window.is_training_data and window.split in ("train", "all"):
        warning("the agent was trained on these bars; on other bars its score will be lower")
    if not window.uses_test_split:
        return
    warn_about_test_split(agent.parent, record)


def _document(agent: Path, record: TrackRecord, files: tuple[Path, ...]) -> dict[str, object]:
    return {
        "agent": str(agent),
        "split": record.split,
        "from": record.times[0],
        "to": record.times[-1],
        "bars": len(record),
        "metrics": record.metrics,
        "baselines": record.baseline_metrics,
        **({"members": record.member_metrics} if record.member_metrics else {}),
        "trades": len(record.trades),
        "made_of": record.made_of,
        "files": [str(path) for path in files],
    }


def _print(agent: Path, record: TrackRecord, at_costs: Sequence[AtCosts], files: tuple[Path, ...]) -> None:
    console = stdout()
    where = f"{record.made_of['data']}, {record.split}: {counted(len(record), 'bar')}"
    seeds = record.made_of.get("seeds")
    agents = "ensembles" if record.member_metrics else "agents"
    kind = f" (a committee of {len(seeds)} {agents})" if isinstance(seeds, list) else ""
    print_text(console, legible(f"{agent}{kind} on {where}, {record.times[0]} to {record.times[-1]}"))
    names = {name: name.replace("_", " ") for name in record.baselines}
    texts = metric_texts(record.metrics, value_of="", trading=True)
    rows = [
        (name, text, *(_cell(name, record.baseline_metrics[each].get(name)) for each in names))
        for name, text in texts.items()
    ]
    print_table(console, ("Metric", "Agent", *names.values()), rows)
    if compared := member_rows(record):
        print_table(console, HEADINGS, compared)
    if len(texts) < len(record.metrics):
        print_sentences(console, "± is one standard error of the stretch of market. That of the seeds is not in it.")
    print_costs(at_costs)
    print_files(files)


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else number_text(name, value, trading=True)
