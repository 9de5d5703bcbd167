"""Studies that commit ea89d0c wrote, before folders, classes and functions were renamed, are resumed and replayed.

`data/studies_of_ea89d0c.tar.gz` has a working folder of that commit: two specs with their database and results. Both
runs were killed in trial 4, after trial 4 had saved a checkpoint. `finished/` has the decisions of both studies after
that commit resumed them itself.
"""

import json
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial

from cli.conftest import Finished, call_fxai
from fxai.rl.agents.agent_file import load_agent
from fxai.search.studies import load_study
from fxai.study.replay.decisions import (
    Entry,
    ReportJudgedEntry,
    ReportsDecidedEntry,
    ResultToldEntry,
    StudyOpenedEntry,
    TrialBegunEntry,
    TrialRequeuedEntry,
    read_decisions,
)

ARCHIVE = Path(__file__).parent / "data" / "studies_of_ea89d0c.tar.gz"
WHOLE = {"agents": 6, "function": 8}  # trials
INTERRUPTED = 4
Decision = tuple[int, str, int | None, float | None]


@pytest.fixture(params=WHOLE)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a study whose working folder is in `tmp_path`."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(filter(None, sys.path))}")  # for the workers
    monkeypatch.syspath_prepend(str(tmp_path))
    name: str = request.param
    return name


def test_a_study_is_resumed_where_it_was_interrupted(name: str, tmp_path: Path) -> None:
    before = trials(tmp_path, name)
    finished = run(tmp_path, name)
    assert finished.code == 0, finished
    after = trials(tmp_path, name)
    assert after[:INTERRUPTED] == before[:INTERRUPTED]
    assert [each.number for each in after] == list(range(WHOLE[name]))
    assert all(each.state.is_finished() for each in after)
    continued, earlier = after[INTERRUPTED], before[INTERRUPTED]
    assert (continued.params, continued.datetime_start) == (earlier.params, earlier.datetime_start)
    assert earlier.intermediate_values.items() <= continued.intermediate_values.items()
    if name == "function":  # a checkpoint of agents is used only with the same version of torch and the same data
        assert not [path for path in tmp_path.rglob("*") if "~" in path.name], "no file was taken for another study's"
    if name == "agents":
        verdict = json.loads((tmp_path / "results" / name / "verdict.json").read_text())
        agent = load_agent(tmp_path / "results" / name / "best_agent.safetensors")
        assert list(agent.seeds) == verdict["seeds"]  # a verdict is the default now
    decisions = list(decisions_in(tmp_path / "results" / name))
    assert decisions == list(decisions_in(tmp_path / "finished" / f"{name}.jsonl"))


def test_decisions_are_repeated(name: str, tmp_path: Path) -> None:
    recording = tmp_path / "finished" / f"{name}.jsonl"
    finished = run(tmp_path, name, "--replay", str(recording))
    assert finished.code == 0, finished
    assert "recorded order" not in finished.out
    assert " in the recorded run: " not in finished.out
    replayed = list(decisions_in(tmp_path / "results" / f"{name}-replay"))
    assert replayed == list(decisions_in(recording))
    assert [each.number for each in trials(tmp_path, f"{name}-replay")] == list(range(WHOLE[name]))


def run(folder: Path, name: str, *further: str) -> Finished:
    return call_fxai(folder, "run", "--spec", f"{name}.yaml", "--set", "save_study_plots=false", *further)


def trials(folder: Path, name: str) -> Sequence[FrozenTrial]:
    return load_study(f"sqlite:///{folder / 'studies.db'}", name).trials


def decisions_in(place: Path) -> Iterator[Decision]:
    """Decisions in their order, without the entries that separate runs."""
    for entry in read_decisions(place if place.is_file() else place / "decisions.jsonl"):
        yield from decisions_of(entry)


def decisions_of(entry: Entry) -> Iterator[Decision]:
    match entry:
        case TrialBegunEntry(number):
            yield number, "began", None, None
        case ReportsDecidedEntry(reports):
            for report in reports:
                yield report_decision(report)
        case ResultToldEntry(number, state, value):
            yield number, str(state), None, rounded(value)
        case StudyOpenedEntry() | TrialRequeuedEntry():
            return


def report_decision(report: ReportJudgedEntry) -> Decision:
    return report.number, "pruned" if report.pruned else "went on", report.step, rounded(report.value)


def rounded(value: float | None) -> float | None:
    """Rounded to the digits in which processors agree."""
    return None if value is None else round(value, 4)
