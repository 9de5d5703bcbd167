"""`fxai evaluate FOLDER` of an agent of `llm_signal`: score and track record of its adapters on a split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fxai.cli.error_message import warning
from fxai.cli.evaluate_instruments import print_files
from fxai.cli.output import print_json, print_sentences, print_table, print_text, stdout
from fxai.cli.warn_about_test_split import warn_about_test_split
from fxai.errors import InputError
from fxai.evaluation.model_knowledge import knowledge_of
from fxai.formatting import counted, legible
from fxai.llm.signal_agent import read_signal_agent
from fxai.market.scores.track_record import TrackRecord
from fxai.market.splits.splits import Split
from fxai.metric_text import metric_texts, number_text
from fxai.results.instrument_tracks import HEADINGS, instrument_rows
from fxai.results.signal_track import decisions_of_agent, signal_track_record
from fxai.results.track_files import write_track


def evaluate_signals(
    folder: Path,
    split: Split | None,
    *,
    refused: Mapping[str, object],
    output: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """Score the adapters of a folder.

    Args:
        folder: The agent.
        split: Split of the study's dates; None for validation.
        refused: Options by name that apply to agents of `fx_trading` alone, with their values.
        output: Folder for the files; None for that of the agent.
        device: "cpu" or "cuda:N".
        as_json: Whether to print JSON.
    """
    _refuse(folder, refused)
    agent = read_signal_agent(folder)
    prepared, name = decisions_of_agent(agent), split or "validation"
    spans = prepared.splits.named()
    if name not in spans:
        raise InputError(f"{folder}: there is no split {name!r}; the splits of the study are {', '.join(spans)}")
    if prepared.content_hash != agent.data_hash:
        warning(
            "prices or news have changed since the agent was trained: the splits may have moved, and the agent may "
            "have been trained on bars of this split"
        )
    record = signal_track_record(folder, agent, prepared, name, device)
    if name == "train":
        warning("the agent was trained on these bars; on other bars its score will be lower")
    if name == "test":
        warn_about_test_split(folder.parent, record)
        dates = prepared.market.dates[spans[name].start + 1 : spans[name].stop]
        if (knowledge := knowledge_of(agent.scoring_config.model.knowledge_until, dates)) is not None:
            warning(knowledge.sentence)
    files = write_track(record, output or folder.parent, f"{folder.name}_{name}")
    if as_json:
        print_json(_document(folder, record, files))
    else:
        _print(folder, record, files)


def _refuse(folder: Path, options: Mapping[str, object]) -> None:
    if "--export" in options and options["--export"] is not None:
        raise InputError(
            f"{folder}: --export writes agents of fx_trading. The adapters of this folder are in peft's format: "
            "PeftModel.from_pretrained(model, folder) loads them"
        )
    if given := [name for name, value in options.items() if value is not None]:
        raise InputError(f"{folder}: {', '.join(given)} applies to agents of fx_trading only; leave it out")


def _document(folder: Path, record: TrackRecord, files: tuple[Path, ...]) -> dict[str, Any]:
    return {
        "agent": str(folder),
        "split": record.split,
        "from": record.times[0],
        "to": record.times[-1],
        "bars": len(record),
        "metrics": record.metrics,
        "baselines": record.baseline_metrics,
        "instruments": {instrument: dict(each.metrics) for instrument, each in record.instruments.items()},
        "made_of": record.made_of,
        "files": [str(path) for path in files],
    }


def _print(folder: Path, record: TrackRecord, files: tuple[Path, ...]) -> None:
    console, seeds = stdout(), record.made_of["seeds"]
    kind = f" (a committee of {len(seeds)} adapters)" if isinstance(seeds, list) and len(seeds) > 1 else ""
    where = f"{record.made_of['data']}, {record.split}: {counted(len(record), 'bar')}"
    print_text(console, legible(f"{folder}{kind} on {where}, {record.times[0]} to {record.times[-1]}"))
    names = {name: name.replace("_", " ") for name in record.baselines}
    rows = [
        (name, text, *(_cell(name, record.baseline_metrics[each].get(name)) for each in names))
        for name, text in metric_texts(record.metrics, value_of="", trading=True).items()
    ]
    print_table(console, ("Metric", "Agent", *names.values()), rows)
    print_sentences(console, "Buy and hold is an equal share of each instrument.")
    if of_each := instrument_rows(record):
        print_table(console, HEADINGS, of_each)
    print_files(files)


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else number_text(name, value, trading=True)
