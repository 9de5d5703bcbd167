"""The README of an export: its files, and the commands that repeat the results."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from fxai.formatting import counted
from fxai.llm.signal_agent import SIGNAL_AGENT as AGENT_FILE
from fxai.metric_text import is_percent, number_text
from fxai.results.best_verdict import BestVerdict
from fxai.results.export.broker_orders import broker_orders, trading_hours
from fxai.results.export.data import ExportedData
from fxai.results.export.observation import ObservationColumns
from fxai.results.paths import SIGNAL_AGENT
from fxai.results.printed_command import StudyLocation
from fxai.results.provenance import versions
from fxai.results.record import StudyRecord
from fxai.results.summary import StudySummary
from fxai.results.training.best_config import BestConfig, CustomBestConfig
from fxai.results.value_errors import ValueErrors
from fxai.search.seeds import lane_seeds
from fxai.spec.fields.objective import LLM_SIGNAL, is_custom
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.study import StudySpec

_CONTENTS = {
    "trials.csv": "all trials, one row each",
    "reports.csv": "the intermediate values of the trials",
    "trials.parquet": "all trials, with typed columns",
    "reports.parquet": "the intermediate values of the trials, with typed columns",
    "trials.json": "all trials with all their data",
    "spec.yaml": "the spec as it ran, with all defaults",
    "best_params.json": "the best trial's parameters, with hashes, seed and versions",
    "best_agent.safetensors": "the best trial's agent",
    "verdict.json": "the verdict on the best trial, with all its figures",
    "decisions.jsonl": "the decisions of the search in their order",
}


def readme(
    record: StudyRecord,
    spec: StudySpec | None,
    config: BestConfig | CustomBestConfig | None,
    data: ExportedData | None,
    files: Sequence[str],
    *,
    has_transfer: bool,
    verdict: BestVerdict,
    observed: ObservationColumns | None = None,
) -> str:
    """The README in Markdown.

    Args:
        record: The study.
        spec: Its spec as it ran.
        config: The best trial's configuration.
        data: The source of the bars.
        files: The names of the files of the export.
        has_transfer: Whether the study took over results of another study.
        verdict: The verdict on the best trial.
        observed: The observation of the agent.
    """
    parts = [
        f"# {record.name}",
        "\n".join((*_result(record), *verdict.sentences())),
        "| file | content |\n|---|---|\n" + "\n".join(f"| `{name}` | {_content(name)} |" for name in files),
        "## Before you begin",
        "\n\n".join(_requirements(spec, config, data, files)),
    ]
    if config is not None:
        parts += ["## Train the best trial again", *_best_again(record, spec, config)]
    if isinstance(config, BestConfig):
        parts += [*broker_orders(config.training_config.env), *trading_hours(config.scoring_env)]
    if observed is not None:
        parts += ["## What the agent observes", _observation(observed)]
    parts += ["## Repeat the search", *_search_again(record, spec, files, has_transfer=has_transfer)]
    return "\n\n".join(parts) + "\n"


def _result(record: StudyRecord) -> Iterator[str]:
    summary = StudySummary.of(record)
    goals = ", ".join(f"{goal.direction} `{goal.metric}`" for goal in record.goals)
    yield f"A study of FxAI: {goals}; {summary.completed} trials completed, {summary.pruned} pruned, "
    yield f"{summary.failed} failed."
    if record.best is not None:
        value = _value(record, record.best_value)
        pruned = ", which was pruned in the search," if record.best.value is None else ""
        measured = f"`{record.metric}` {value}{_errors(summary.errors)}"
        yield f"The best trial is trial {record.best.number}{pruned} with {measured}."


def _errors(errors: ValueErrors) -> str:
    """The standard error with its known parts; empty if it is not known."""
    if errors.total is None:
        return ""
    parts = (("of the seeds", errors.seeds), ("of the stretch of market", errors.market))
    known = ", ".join(f"{name} {error!r}" for name, error in parts if error is not None)
    return f", standard error {errors.total!r} ({known})"


def _value(record: StudyRecord, value: float | None) -> str:
    """The value with all digits, to compare a repeated training with it; shares also in percent."""
    if value is None or not is_percent(record.metric, trading=record.trading):
        return repr(value)
    return f"{number_text(record.metric, value, trading=record.trading)} (exactly {value!r})"


def _content(name: str) -> str:
    if name.endswith("_best_config.yaml"):
        return "the best trial's configuration, ready to train from"
    if name.startswith(f"{SIGNAL_AGENT}/"):
        is_agent = name == f"{SIGNAL_AGENT}/{AGENT_FILE}"
        return "the best trial's agent: model, prompt, answers, seeds" if is_agent else "its adapter, in peft's format"
    return "the data" if name.startswith("data/") else _CONTENTS[name]


def _requirements(
    spec: StudySpec | None,
    config: BestConfig | CustomBestConfig | None,
    data: ExportedData | None,
    files: Sequence[str],
) -> Iterator[str]:
    provenance = {} if config is None else config.provenance
    with_ = provenance.get("versions", versions())
    listed = ", ".join(f"{name} {number}" for name, number in with_.items()) if isinstance(with_, dict) else ""
    yield (
        f"The study ran with {listed}. With the same versions on the same kind of processor, a repeated training "
        "gives the same numbers to the last bit. Other versions may round differently. Run the commands in this folder."
    )
    if data is not None:
        yield from _data_notes(data, provenance, files)
    if (function := _function_of(spec)) is not None:
        yield (
            f"The features are made by the function `{function}`, which is not in this folder. Ask the person who ran "
            "the search for the code, and save it in this folder."
        )
    if spec is not None and spec.objective == LLM_SIGNAL:
        yield (
            "The language model, the prices and the news are not in this folder. Ask the person who ran the search for "
            "them, and write their places into `model.path`, `data.source` and `news.file` of the configuration. The "
            f"adapters in `{SIGNAL_AGENT}` are in peft's format: `PeftModel.from_pretrained(model, folder)` loads one; "
            f"`{SIGNAL_AGENT}/{AGENT_FILE}` has the prompt, the answers and the seeds."
        )
    elif spec is not None and is_custom(spec.objective):
        yield (
            "The search runs code that is not in this folder. Ask the person who ran the search for the code, and "
            "save it in this folder."
        )


def _data_notes(data: ExportedData, provenance: Mapping[str, JsonValue], files: Sequence[str]) -> Iterator[str]:
    """Where the bars are that the folder does not have."""
    for part in data.parts.values():
        if part.sha256 is not None and part.place not in files:
            yield (
                f"The data file is not in this folder. Its SHA-256 is `{part.sha256}`. Ask the person who ran the "
                f"search for the file, and save it as `{part.place}`."
            )
        elif part.sha256 is None:
            hash_ = "" if data.is_mapping else f" Its hash is `{provenance.get('data_hash', 'unknown')}`."
            yield f"The data set is `{part.place}`, which is part of FxAI.{hash_}"


def _best_again(record: StudyRecord, spec: StudySpec | None, config: BestConfig | CustomBestConfig) -> Iterator[str]:
    yield _shell("train", f"{record.name}_best_config.yaml", options={"--output": "again"})
    trained, confirmed = config.trained_seeds, record.confirmed
    seeds, folds = (1, 1) if spec is None else (spec.seeds_per_trial, spec.folds)
    first = config.seed if record.best is None or record.best.seed is None else record.best.seed
    known, of_seeds, where = config.value, lane_seeds(first, seeds), "in the search"
    if confirmed is not None:
        known, of_seeds, where = confirmed.value, confirmed.seeds, "on fresh seeds"
    value = f"`{config.metric_name}` {_value(record, known)}"
    if trained == of_seeds and folds == 1:
        yield f"The training ends with {value}{f', the mean over {len(trained)} seeds' if len(trained) > 1 else ''}."
        return
    agents = f"a committee of {len(trained)} agents" if len(trained) > 1 else "one agent"
    place = f" in the last of the {folds} folds" if folds > 1 else ""
    trainings = counted(len(of_seeds) * folds, "training")
    yield (
        f"The command trains {agents}{place}. The trial's {value} {where} is of {trainings}, so the value of this "
        "training differs. The search below repeats the trainings of the search."
    )


def _search_again(
    record: StudyRecord, spec: StudySpec | None, files: Sequence[str], *, has_transfer: bool
) -> Iterator[str]:
    if spec is None:
        yield "The search cannot be repeated from this folder, because its runs wrote no `spec.yaml`."
        return
    if spec.search is not None:
        yield _shell("run", "spec.yaml")
        yield "A search with populations gives the same results without a record of its decisions."
    elif "decisions.jsonl" not in files:
        yield _shell("run", "spec.yaml")
        yield "The order of the decisions was not recorded, so a search with several workers may propose other trials."
    else:
        yield _shell("run", "spec.yaml", options={"--replay": "decisions.jsonl"})
        yield (
            f"The command repeats every decision in its order, in a study `{record.name}-replay`, and reports each "
            "trial whose value differs. This command prints the result:"
        )
        yield _shell("best", f"{record.name}-replay")
    if has_transfer:
        yield (
            "The study took over results of another study. Fixed values, narrowed ranges and enqueued trials are in "
            "`spec.yaml`. If the sampler had learnt from the other study's trials, the repeated search proposes other "
            "trials."
        )


def _observation(observed: ObservationColumns) -> str:
    names = ", ".join(f"`{name}`" for name in observed.names)
    return (
        f"An observation has {counted(observed.window, 'bar')} by {len(observed.names)} columns. The columns are, in "
        f"this order: {names}. The last four are those of the account, in the last bar only. The features are "
        "standardized with the means and deviations in the agent's file; `agent.observation` makes an observation from "
        "bars. A model that `fxai evaluate best_agent.safetensors --export FILE.onnx` writes takes the same columns."
    )


def _function_of(spec: StudySpec | None) -> str | None:
    """The function of the user that makes features."""
    config = None if spec is None else spec.training_config
    return config.data.features.function if isinstance(config, TrainingConfig) else None


def _shell(name: str, *arguments: str, options: Mapping[str, str] | None = None) -> str:
    """A command to run in the export's folder, with the default database and results folder."""
    return f"```bash\n{StudyLocation().command(name, *arguments, options=options)}\n```"
