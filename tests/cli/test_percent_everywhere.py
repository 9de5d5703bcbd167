"""A study on `total_return`, run in earnest: no surface shows the fraction of a return, a drawdown or a win rate."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cli.conftest import SMALL_SPEC, call_fxai
from fxai import HPOAnalyzer, HPOVisualizer
from fxai.api.analysis import Analysis
from fxai.metric_text import number_text
from fxai.results.report.folder_index import write_folder_index
from fxai.results.study_results import StudyResults

pytestmark = pytest.mark.usefixtures("inline_workers")

RETURNS = (
    SMALL_SPEC.replace("save_study_plots: false\n", "")
    .replace("small", "returns")
    .replace(
        "n_trials: 2\n",
        "n_trials: 4\n    metric_name: total_return\n    seeds_per_trial: 2\n    stop: {patience: 2, min_delta: 0.5}\n",
    )
)
NEXT = RETURNS.replace("returns", "next").replace("stop: {patience: 2, min_delta: 0.5}", "enqueue: []")
RUN = ("--n-jobs", "1", "--set", "resources.lanes_per_worker=2")
NAME, SHARES, STORED = "total_return", ("total_return", "max_drawdown", "win_rate"), "optuna_results/returns"
AGENT, CONFIG = f"{STORED}/best_agent.safetensors", f"{STORED}/returns_best_config.yaml"
COMMANDS = (
    ("status",),
    ("best", "returns"),
    ("results", "returns"),
    ("results", "returns", "--by", "max_drawdown"),
    ("results", "next"),
    ("show", "returns", "0"),
    ("show", "returns", "1"),
    ("analysis", "returns"),
    ("analysis", "returns", "--by", "win_rate"),
    ("compare", "returns", "next"),
    ("evaluate", AGENT),
    ("train", CONFIG, "--output", "alone"),
    ("train", CONFIG, "--output", "side_by_side", "--seeds", "2"),
    ("check", "returns.yaml", "--try"),
    ("run", "next.yaml", "--dry-run"),
)
_FIGURES = re.compile(r'<script[^>]*id="(?:figures|trials)"[^>]*>(.*?)</script>', re.DOTALL)
_SCRIPT = re.compile(r"<(script|style)[^>]*>.*?</\1>", re.DOTALL)
_SIGNIFICANT = 3  # digits, from which on a number is no other one by chance


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study `returns`, and `next`, which took over from it."""
    folder = tmp_path_factory.mktemp("percent")
    (folder / "returns.yaml").write_text(RETURNS)
    (folder / "next.yaml").write_text(NEXT)
    first = call_fxai(folder, "run", "returns.yaml", *RUN)
    assert first.code == 0, first
    assert call_fxai(folder, "transfer", "returns", "--to", "next.yaml").code == 0
    second = call_fxai(folder, "run", "next.yaml", "--n-jobs", "1")
    assert second.code == 0, second
    (folder / "first.txt").write_text(first.out + first.err)
    (folder / "second.txt").write_text(second.out + second.err)
    return folder


@pytest.fixture(scope="module")
def fractions(place: Path) -> frozenset[str]:
    """How the studies' shares would read as plain numbers, each as exact as any surface shows it."""
    found: set[str] = set()
    for study in ("returns", "next"):
        (stored,) = json.loads(call_fxai(place, "results", study, "--json").out)
        for trial in stored["trials"]:
            errors = {name: trial["metrics"].get(f"{name}_error") for name in SHARES}
            values = [
                (trial["value"], trial["standard_error"]),
                *((value, None) for value in trial["reports"].values()),
            ]
            values += [(trial["metrics"][name], errors[name]) for name in SHARES]
            for value, error in values:
                found |= {f"{value:.{digits}g}" for digits in (3, 4, 6)} | {repr(value)}
                if error is not None:
                    found.add(number_text(NAME, value, error, trading=False))
    exact = {text for text in found if len(re.sub(r"\D", "", text).lstrip("0")) >= _SIGNIFICANT}
    assert exact, "the studies have no returns to look for"
    return frozenset(exact)


def shown_in(text: str, fractions: frozenset[str]) -> list[str]:
    """The fractions that a text contains as separate numbers."""
    return [each for each in fractions if re.search(rf"(?<![\d.]){re.escape(each)}(?![\d.]*\d)(?! %)", text)]


def test_the_runs_show_percent(place: Path, fractions: frozenset[str]) -> None:
    for name in ("first.txt", "second.txt"):
        out = (place / name).read_text()
        assert re.search(r"Trial \d complete: [-.\d]+ ± [.\d]+ % in", out)
        assert not shown_in(out, fractions)
    assert "by more than 50 percentage points" in (place / "first.txt").read_text()
    assert re.search(r"Takes over from returns, trial \d \([-.\d]+ ± [.\d]+ %\)", (place / "second.txt").read_text())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_shows_percent(place: Path, fractions: frozenset[str], command: Sequence[str]) -> None:
    ended = call_fxai(place, *command)
    assert ended.code == 0, ended
    assert " %" in ended.out
    assert not shown_in(ended.out + ended.err, fractions)


def test_the_gain_is_in_percentage_points(place: Path) -> None:
    out = " ".join(call_fxai(place, "results", "next").out.split())
    assert re.search(r"Difference to returns: (none|[-.\d]+ ± [.\d]+ percentage points)", out)


def test_what_other_programs_read_has_fractions(place: Path) -> None:
    (best,) = [json.loads(call_fxai(place, "best", "returns", "--json").out)]
    status = {each["study"]: each for each in json.loads(call_fxai(place, "status", "--json").out)}
    assert status["returns"]["best_value"] == best["best_value"]
    written = json.loads((place / STORED / "returns_results.json").read_text())
    assert best["best_value"] in [trial["value"] for trial in written["trials"]]
    assert "%" not in (place / STORED / "best_params.json").read_text()


def test_pages_show_percent_and_so_do_their_axes_and_hovers(place: Path, fractions: frozenset[str]) -> None:
    assert call_fxai(place, "report", "--all").code == 0
    assert call_fxai(place, "compare", "returns", "next").code == 0
    pages = sorted(place.rglob("optuna_results/**/*.html"))
    assert {"report", "compare", "index", "optimization_history"} <= {page.stem.partition(".")[0] for page in pages}
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert not shown_in(_SCRIPT.sub("", html).replace("\N{NO-BREAK SPACE}", " "), fractions), page
        for figures in _FIGURES.findall(html):
            drawn = json.loads(figures)
            assert not shown_in("\n".join(texts_in(drawn)), fractions), page
            for axis in axes_in(drawn):
                assert axis.get("hoverformat", "").endswith("%"), f"{page}: {axis}"


def test_python_shows_percent(place: Path, fractions: frozenset[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    results = StudyResults.in_file(place / STORED)
    analyzer, visualizer = HPOAnalyzer(place / "optuna_results"), HPOVisualizer()
    texts = [repr(results), results._repr_html_(), Analysis.of(results)._repr_html_()]
    texts.append(analyzer.generate_comparison_report())
    texts.append(write_folder_index(place / "optuna_results", analyzer.studies).read_text(encoding="utf-8"))
    for text in texts:
        assert re.search(r"[-.\d]+ ±\s[.\d]+\s%", text), text
        assert not shown_in(text, fractions)
    figures = [
        visualizer.plot_optimization_history(results),
        visualizer.plot_parallel_coordinates(results),
        visualizer.plot_metric_vs_parameter(results, "training.learning_rate"),
        visualizer.plot_metric_vs_parameter(results, "training.learning_rate", "win_rate"),
        analyzer.create_optimization_plots("returns"),
    ]
    for figure in figures:
        drawn = json.loads(figure.to_json())
        assert not shown_in("\n".join(texts_in(drawn)), fractions)
        for axis in axes_in(drawn):
            assert axis.get("hoverformat", "").endswith("%"), axis


def texts_in(value: object) -> Iterator[str]:
    """The texts of a figure: hovers, labels, titles."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from texts_in(each)
        case list():
            for each in value:
                yield from texts_in(each)


def axes_in(value: object) -> Iterator[dict[str, str]]:
    """The axes of figures that show a share, by their titles; of the best so far too."""
    match value:
        case dict():
            for name, each in value.items():
                if re.fullmatch(r"[xy]axis\d*", name) and title_of(each).partition(" (")[0].split(" ")[0] in SHARES:
                    yield each
                else:
                    yield from axes_in(each)
        case list():
            for each in value:
                yield from axes_in(each)


def title_of(axis: object) -> str:
    title = axis.get("title") if isinstance(axis, dict) else None
    return str((title or {}).get("text", "") if isinstance(title, dict) else title or "").removeprefix("best ")
