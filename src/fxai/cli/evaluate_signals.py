"""`fxai evaluate FOLDER` of an agent of `llm_signal`: score and track record of its adapters on a split."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from fxai.cli.error_message import warning
from fxai.cli.evaluate_instruments import print_files
from fxai.cli.output import print_json, print_sentences, print_table, print_text, stdout
from fxai.cli.warn_about_test_split import warn_about_test_split
from fxai.errors import InputError
from fxai.evaluation.model_knowledge import knowledge_of
from fxai.formatting import counted, legible
from fxai.llm.signal_agent import SIGNAL_AGENT, SignalAgent, read_signal_agent
from fxai.market.news.basket_track import basket_track_record
from fxai.market.news.prepared_decisions import prepare_decisions
from fxai.market.scores.track_record import TrackRecord
from fxai.market.splits.splits import Split
from fxai.metric_text import metric_texts, number_text
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
    config, name = agent.scoring_config, split or "validation"
    prepared = prepare_decisions(config.data, config.news, config.decisions)
    spans = prepared.splits.named()
    if name not in spans:
        raise InputError(f"{folder}: there is no split {name!r}; the splits of the study are {', '.join(spans)}")
    if prepared.content_hash != agent.data_hash:
        warning(
            "prices or news have changed since the agent was trained: the splits may have moved, and the agent may "
            "have been trained on bars of this split"
        )
    from fxai.llm.signal_committee import committee_signals  # noqa: PLC0415 - torch, which other commands do not load

    found = committee_signals([folder], prepared.market, spans[name], device)
    record = basket_track_record(
        found.decisions,
        found.committee,
        found.span,
        found.rules,
        split=name,
        made_of=_made_of(folder, agent, prepared.market.names),
    )
    if name == "train":
        warning("the agent was trained on these bars; on other bars its score will be lower")
    if name == "test":
        warn_about_test_split(folder.parent, record)
        dates = prepared.market.dates[found.span.start + 1 : found.span.stop]
        if (knowledge := knowledge_of(config.model.knowledge_until, dates)) is not None:
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


def _made_of(folder: Path, agent: SignalAgent, names: tuple[str, ...]) -> dict[str, JsonValue]:
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.safetensors")))
    return {
        "agent_hash": hashlib.sha256((folder / SIGNAL_AGENT).read_bytes() + content).hexdigest(),
        "data": ", ".join(names),
        "data_hash": agent.data_hash,
        "seeds": list(agent.seeds),
        "versions": dict(agent.versions),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _document(folder: Path, record: TrackRecord, files: tuple[Path, ...]) -> dict[str, Any]:
    return {
        "agent": str(folder),
        "split": record.split,
        "from": record.times[0],
        "to": record.times[-1],
        "bars": len(record),
        "metrics": record.metrics,
        "baselines": record.baseline_metrics,
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
    print_files(files)


def _cell(name: str, value: float | None) -> str:
    return "" if value is None else number_text(name, value, trading=True)
