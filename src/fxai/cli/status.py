"""`fxai status`: the studies of a database with their progress."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from fxai.cli.error_message import warning
from fxai.cli.no_studies import no_studies
from fxai.cli.options import DEFAULT_RESULTS_DIR, DEFAULT_STORAGE, AsJson, ResultsDir, StorageUrl
from fxai.cli.output import print_json, print_table, print_text, stdout
from fxai.metric_text import number_text
from fxai.results.best_verdict import BestVerdict
from fxai.results.printed_command import StudyLocation
from fxai.search.studies import StudyListing, summaries

_HEADINGS = ("Study", "Best value", "Trial", "Complete", "Pruned", "Failed", "Unfinished")


def status(
    *,
    storage: StorageUrl = DEFAULT_STORAGE,
    results_dir: ResultsDir = DEFAULT_RESULTS_DIR,
    as_json: AsJson = False,
) -> None:
    """List the studies with their progress and their verdicts.

    Unfinished trials are running, or were running when a run died; the next run continues them. Studies that --fresh
    archived have `~` and a number after their name. A study that cannot be read is shown as damaged. After a
    confirmation, the best value is the mean over fresh seeds.

    With --json, each study has its metric, the error of its value, its target of finished trials, and its last run:
    state, start, end, reason and pid.
    """
    found = summaries(storage)
    verdicts = {each.name: _verdict(each, results_dir) for each in found}
    if as_json:
        print_json([_as_json(summary, verdicts[summary.name], storage) for summary in found])
    elif found:
        rules = ("Stop rule",) if any(summary.ended_by for summary in found) else ()
        judged = ("Verdict",) if any(each.current for each in verdicts.values()) else ()
        rows = [(*_row(each), *_rule(each, rules), *_word(verdicts[each.name], judged)) for each in found]
        print_table(stdout(), (*_HEADINGS, *rules, *judged), rows)
    else:
        print_text(stdout(), no_studies(StudyLocation(storage)))
    for summary in found:
        if summary.fault:
            warning(summary.fault)


def _row(summary: StudyListing) -> tuple[str, ...]:
    if summary.fault:
        return (summary.name, "damaged", *("-" for _ in _HEADINGS[2:]))
    counts = summary.counts
    leader = ("-", "-")
    if counts.best_trial is not None and counts.best_value is not None:
        fresh = summary.confirmed_value
        shown = counts.best_value if fresh is None else fresh
        leader = (number_text(summary.metric, shown, trading=summary.traits.trading), str(counts.best_trial))
    states = (counts.complete, counts.pruned, counts.failed, counts.running)
    return (summary.name, *leader, *map(str, states))


def _rule(summary: StudyListing, heading: Sequence[str]) -> tuple[str, ...]:
    """The stop rule that ended the study, if the table has a column for it."""
    return (summary.ended_by or "-",) if heading else ()


def _verdict(summary: StudyListing, results_dir: Path) -> BestVerdict:
    return BestVerdict.of(summary.name, summary.traits, summary.counts.best_trial, results_dir)


def _word(verdict: BestVerdict, heading: Sequence[str]) -> tuple[str, ...]:
    """The verdict on the best trial, if the table has a column for it."""
    return ("-" if verdict.current is None else verdict.current.text,) if heading else ()


def _as_json(summary: StudyListing, verdict: BestVerdict, storage: str) -> dict[str, JsonValue]:
    from fxai.search.run_now import run_now  # noqa: PLC0415 - SQLAlchemy is slow to load, and the table needs none

    counts = summary.counts
    return {
        "study": summary.name,
        "metric": summary.metric,
        "direction": summary.direction,
        "archived": summary.archived,
        "best_value": counts.best_value,
        "error": summary.standard_error,
        "confirmed_value": summary.confirmed_value,
        "confirmed_error": summary.confirmed_error,
        "best_trial": counts.best_trial,
        "target": summary.target,
        "complete": counts.complete,
        "pruned": counts.pruned,
        "failed": counts.failed,
        "unfinished": counts.running,
        "ended_by": summary.ended_by,
        "verdict": verdict.as_json(),
        **({} if summary.fault else run_now(storage, summary.name, summary.run).as_json()),
        **({"fault": summary.fault} if summary.fault else {}),
    }
