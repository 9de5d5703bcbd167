"""The README of an export: what is in it, and the commands that do it all again."""

from collections.abc import Iterator, Mapping, Sequence

from fxai.metric_text import is_percent, number_text
from fxai.results.export.data import ExportedData
from fxai.results.printed_command import StudyLocation
from fxai.results.provenance import versions
from fxai.results.record import StudyRecord
from fxai.results.summary import StudySummary
from fxai.results.training.best_config import BestConfig, CustomBestConfig
from fxai.spec.fields.objective import is_custom
from fxai.spec.search.study import StudySpec

_TOLD = {
    "trials.csv": "all trials, a row each",
    "reports.csv": "their intermediate values",
    "trials.parquet": "the trials with typed columns",
    "reports.parquet": "their intermediate values",
    "trials.json": "the trials with all that is known of each",
    "spec.yaml": "the search as it ran, every default in place",
    "best_params.json": "the best trial, and what made it",
    "best_agent.safetensors": "the best trial's agent",
    "decisions.jsonl": "the order in which the search asked, decided and told",
}


def readme(
    record: StudyRecord,
    spec: StudySpec | None,
    config: BestConfig | CustomBestConfig | None,
    data: ExportedData | None,
    files: Sequence[str],
    *,
    learnt: bool,
) -> str:
    """Markdown. `learnt`: whether the study took over from another."""
    parts = [
        f"# {record.name}",
        "\n".join(_found(record)),
        "| file | holds |\n|---|---|\n" + "\n".join(f"| `{name}` | {_holds(name)} |" for name in files),
        "## Before you begin",
        "\n\n".join(_before(spec, config, data, files)),
    ]
    if config is not None:
        parts += ["## The best trial again", *_best_again(record, spec, config)]
    parts += ["## The search again", *_search_again(record, spec, files, learnt=learnt)]
    return "\n\n".join(parts) + "\n"


def _found(record: StudyRecord) -> Iterator[str]:
    summary = StudySummary.of(record)
    goals = ", ".join(f"{goal.direction} `{goal.metric}`" for goal in record.goals)
    yield f"A search by FxAI: {goals}; {summary.completed} trials completed, {summary.pruned} pruned, "
    yield f"{summary.failed} failed."
    if record.best is not None:
        error = "" if summary.standard_error is None else f", standard error {summary.standard_error!r}"
        value = _value(record, record.best.value)
        yield f"The best is trial {record.best.number} with `{record.metric}` {value}{error}."


def _value(record: StudyRecord, value: float | None) -> str:
    """To the last bit, as whoever trains again compares it; a share in percent before."""
    if value is None or not is_percent(record.metric, trading=record.trading):
        return repr(value)
    return f"{number_text(record.metric, value, trading=record.trading)} (to the last digit {value!r})"


def _holds(name: str) -> str:
    if name.endswith("_best_config.yaml"):
        return "the best trial's configuration, ready to train from"
    return "the data" if name.startswith("data/") else _TOLD[name]


def _before(
    spec: StudySpec | None,
    config: BestConfig | CustomBestConfig | None,
    data: ExportedData | None,
    files: Sequence[str],
) -> Iterator[str]:
    made = {} if config is None else config.provenance
    with_ = made.get("versions", versions())
    listed = ", ".join(f"{name} {number}" for name, number in with_.items()) if isinstance(with_, dict) else ""
    yield (
        f"It was made with {listed}. Numbers are the same, to the last bit, with the same versions on the same kind "
        "of processor; other versions may round differently. Run the commands in this folder."
    )
    if data is not None and data.sha256 is not None and data.place not in files:
        yield (
            f"The bars are not in this folder. They are a file whose SHA-256 is `{data.sha256}`: ask whoever ran the "
            f"search for it, and put it at `{data.place}`."
        )
    elif data is not None and data.sha256 is None:
        yield f"The bars are `{data.place}`, which comes with FxAI. Their hash is `{made.get('data_hash', 'unknown')}`."
    if spec is not None and is_custom(spec.objective):
        yield "The search runs code that is not in this folder: get it from whoever ran it, and put it here."


def _best_again(record: StudyRecord, spec: StudySpec | None, config: BestConfig | CustomBestConfig) -> Iterator[str]:
    yield _shell("train", f"{record.name}_best_config.yaml", options={"--output": "again"})
    seeds = 1 if spec is None else spec.seeds_per_trial
    if seeds == 1:
        yield f"It ends with `{config.metric_name}` {_value(record, config.value)}."
    else:
        yield (
            "It trains the agent of the trial's first seed. The trial's value, "
            f"{_value(record, config.value)}, is the mean over {seeds} seeds, so this one alone ends with another; the "
            "search below repeats them all."
        )


def _search_again(record: StudyRecord, spec: StudySpec | None, files: Sequence[str], *, learnt: bool) -> Iterator[str]:
    if spec is None:
        yield "The search cannot be repeated from this folder: its runs left no `spec.yaml`."
        return
    if spec.search is not None:
        yield _shell("run", "spec.yaml")
        yield "Its populations come to the same by themselves."
    elif "decisions.jsonl" not in files:
        yield _shell("run", "spec.yaml")
        yield "The order of its decisions was not kept, so with several workers it may go another way."
    else:
        yield _shell("run", "spec.yaml", options={"--replay": "decisions.jsonl"})
        yield (
            f"It repeats every decision in its order, in a study `{record.name}-replay`, and says where a trial comes "
            "to another value than it did. What it came to:"
        )
        yield _shell("best", f"{record.name}-replay")
    if learnt:
        yield (
            "The search took over from another study. What that one fixed, narrowed or tried first is in `spec.yaml`; "
            "where its sampler had learnt from that study's trials, the search will go another way."
        )


def _shell(name: str, *arguments: str, options: Mapping[str, str] | None = None) -> str:
    """A command to run in the export's folder, whose study lies at the usual places in it."""
    return f"```bash\n{StudyLocation().command(name, *arguments, options=options)}\n```"
