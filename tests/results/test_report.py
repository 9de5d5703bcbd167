"""Content of the report of a study."""

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.paths import StudyPaths
from fxai.results.report.blocks import Absent, Chart, Facts, Folded, ReportPage, Section, Table
from fxai.results.report.write import report_of, write_report
from fxai.search import attributes
from fxai.search.pbt_history import Change, Exploit
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from results.conftest import drawn_trial

ALWAYS = {"history", "best", "importances", "parallel", "parameters", "pair", "chooser", "training", "timeline"} | {
    "failures",
    "searched",
}
UNIT: dict[str, Any] = {"x": FloatDistribution(0, 1)}


def told(study: optuna.Study, folder: Path) -> ReportPage:
    return report_of(study, StudyPaths(folder, "s"), "sqlite:///optuna_studies.db")


def section(report: ReportPage, name: str) -> Section:
    (found,) = [each for each in report.sections if each.name == name]
    return found


def of_kind(section: Section, kind: type) -> list[Any]:
    return [block for block in section.blocks if isinstance(block, kind)]


def completed(value: float, x: float = 0.5, error: float | None = None, **attrs: Any) -> FrozenTrial:
    errors = {} if error is None else {STANDARD_ERROR: error}
    return create_trial(value=value, params={"x": x}, distributions=UNIT, user_attrs={**errors, **attrs})


def default(value: float | None, error: float | None = None) -> FrozenTrial:
    """Trial 0 as FxAI begins a study; pruned where it has no value."""
    trial = completed(value or 0.0, error=error, **{attributes.ENQUEUED: "default"})  # type: ignore[arg-type]  # no name in Python
    if value is None:
        trial.state, trial.values = TrialState.PRUNED, None
    return trial


class Elements(HTMLParser):
    """What a page consists of, as a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids |= {value for name, value in attrs if name == "id" and value}


def test_it_has_all_sections_with_all_figures_in_their_places(study: optuna.Study, tmp_path: Path) -> None:
    path = write_report(study, StudyPaths(tmp_path, "fx_ai_quick"))
    report = told(study, tmp_path)
    assert path == tmp_path / "fx_ai_quick" / "report.html"
    assert {each.name for each in report.sections} == ALWAYS
    assert not [each.name for each in report.sections if of_kind(each, Absent)]
    page = Elements(path.read_text())
    assert {f"plot-{name}" for name in report.figures} | ALWAYS <= page.ids
    assert len(report.figures) == 6 + len(study.trials[0].params)


def test_the_report_makes_no_request(study: optuna.Study, tmp_path: Path) -> None:
    page = write_report(study, StudyPaths(tmp_path, "s")).read_text()
    found = Elements(page)
    assert ("http-equiv", "Content-Security-Policy") in found.attributes
    assert "default-src 'none'" in page
    for name, value in found.attributes:
        own = value.startswith(("#", "data:")) or value == "../index.html"
        assert name not in ("src", "href", "action", "srcset") or own, (name, value)
    assert "link" in found.tags  # the icon, which a browser would ask for


def test_names_and_messages_are_text_and_never_markup(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="<img src=x onerror=alert(1)>", direction="maximize")
    study.set_metric_names(["<b>metric</b>"])
    hostile = "</script><script>alert(1)</script>"
    space: dict[str, Any] = {
        hostile: FloatDistribution(0, 1),
        "kind": CategoricalDistribution(("<i>one</i>", "{{ 7 * 7 }}")),
    }
    for number in range(12):
        params = {hostile: number / 12, "kind": space["kind"].choices[number % 2]}
        study.add_trial(create_trial(value=number, params=params, distributions=space, user_attrs={"<u>m</u>": 1.0}))
    failed = {
        attributes.CAUSE: "<script>",
        attributes.MESSAGE: "<svg onload=alert(1)>",
        attributes.TRACEBACK: "</pre><img>",
    }
    study.add_trial(create_trial(state=TrialState.FAIL, user_attrs=failed))
    text = write_report(study, StudyPaths(tmp_path, "s")).read_text()
    page = Elements(text)
    assert not {"img", "svg", "u", "i"} & set(page.tags)
    assert page.tags.count("script") == 6  # its own: theme, figures, palette, plotly, drawing, the chooser's trials
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in text
    (figures,) = re.findall(r'<script type="application/json" id="figures">(.*?)</script>', text)
    assert "<" not in figures
    drawn = json.dumps(json.loads(figures))
    assert "&lt;/script>" in drawn  # plotly shows it as it is
    assert not re.search(r"<(?!/?(?:br|extra)>)", drawn)


@pytest.mark.parametrize(
    ("direction", "first", "best", "apart"),
    [("maximize", 0.1, 0.5, "0.400 ± 0.022 above"), ("minimize", 0.5, 0.1, "0.400 ± 0.022 below")],
)
def test_the_best_trial_is_compared_with_the_default(
    tmp_path: Path, direction: Literal["minimize", "maximize"], first: float, best: float, apart: str
) -> None:
    study = optuna.create_study(study_name="s", direction=direction)
    study.add_trials([default(first, 0.01), completed(best, error=0.02), completed(0.3, error=0.02)])
    headline = told(study, tmp_path).headline
    assert headline.finding == f"Trial 1 is the best of 3 trials: value {best:.3f} ± 0.020."
    assert f"This is {apart} trial 0, the default configuration, with {first:.3f}" in headline.comparison
    assert "17.9 times its standard error" in headline.caution


def test_it_explains_once_what_the_errors_hold(spec: StudySpec, tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    study.set_user_attr(attributes.FINGERPRINT, fingerprint(spec))
    parts: dict[str, Any] = {SEED_ERROR: 0.03, MARKET_ERROR: 0.09}
    study.add_trials([default(0.4, 0.1), completed(0.5, error=0.1, **parts)])
    page = write_report(study, StudyPaths(tmp_path, "s")).read_text()
    assert page.count("It holds two errors: that of the seeds, and that of the stretch of market") == 1
    assert SEED_ERROR not in page
    assert MARKET_ERROR not in page


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([default(0.4, 0.1), completed(0.5, error=0.1)], "less than twice its standard error"),
        ([default(0.4), completed(0.5)], "The error of the difference is not known."),
        ([default(None), completed(0.5)], "was pruned, so the difference to it is not known"),
        ([default(0.6), completed(0.5)], "No trial is better than trial 0, the default configuration: value 0.6."),
        ([default(None)], "None of 1 finished trial has completed: 1 pruned."),
        ([], "No trial has finished yet."),
    ],
)
def test_it_names_cautions_about_the_winner(tmp_path: Path, trials: list[FrozenTrial], words: str) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    study.add_trials(trials)
    headline = told(study, tmp_path).headline
    assert words in f"{headline.finding} {headline.comparison} {headline.caution}"


@pytest.mark.parametrize(
    ("config", "called", "legend"),
    [
        ({}, "the starting point (training_config has no defaults for it)", "starting point"),
        ({"a": {"lr": 0.1}}, "the default configuration", "default configuration"),
    ],
)
def test_trial_0_of_own_code_is_a_starting_point_unless_it_gives_defaults(
    tmp_path: Path, config: dict[str, object], called: str, legend: str
) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    record = {"objective": "m:f", "parameters": {"lr": {"path": "a.lr"}}, "training_config": config}
    study.set_user_attr(attributes.FINGERPRINT, record)
    study.add_trials([default(0.4), completed(0.5)])
    report = told(study, tmp_path)
    assert f"above trial 0, {called}, with" in report.headline.comparison
    (figure,) = of_kind(section(report, "history"), Chart)[:1]
    assert legend in str(figure)


def test_somebody_elses_first_trial_is_not_called_the_default(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    study.add_trials([completed(0.1), completed(0.5)])
    report = told(study, tmp_path)
    assert not report.headline.comparison
    assert "Trial 0" not in of_kind(section(report, "best"), Table)[0].headings


def test_a_study_without_a_completed_trial_has_a_page_too(empty_study: optuna.Study, tmp_path: Path) -> None:
    empty_study.add_trial(drawn_trial(0, TrialState.FAIL))
    empty_study.add_trial(create_trial(state=TrialState.RUNNING, params={"x": 1.0}, distributions=UNIT))
    report = told(empty_study, tmp_path)
    assert of_kind(section(report, "history"), Absent) == [Absent("No trial has completed yet.")]
    assert write_report(empty_study, StudyPaths(tmp_path, "s")).stat().st_size > 10_000


@pytest.mark.parametrize("value", [float("inf"), 1e30, 0.0])
def test_unusual_values_are_drawn_or_left_out(empty_study: optuna.Study, tmp_path: Path, value: float) -> None:
    space: dict[str, Any] = {
        "x": FloatDistribution(1, 1),
        "n": IntDistribution(3, 3),
        "k": CategoricalDistribution((None, True)),
    }
    params = {"x": 1.0, "n": 3, "k": None}
    empty_study.add_trials(
        [create_trial(value=each, params=params, distributions=space) for each in (value, 1.0, -1.0)]
    )
    assert write_report(empty_study, StudyPaths(tmp_path, "s")).is_file()


def test_several_objectives_have_their_front(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", directions=["maximize", "minimize"])
    study.set_metric_names(["gain", "risk"])
    for x in (0.0, 0.3, 0.5, 0.8, 1.0):
        study.add_trial(create_trial(values=[x, x**3], params={"x": x}, distributions=UNIT))
        study.add_trial(create_trial(values=[x - 0.1, x**3 + 0.1], params={"x": x}, distributions=UNIT))
    report = told(study, tmp_path)
    assert report.headline.finding.startswith("5 of 10 trials form the Pareto front")
    assert "is trial 4 with gain 0.5, risk 0.125" in report.headline.comparison
    (table,) = of_kind(section(report, "front"), Table)
    assert [row[0] for row in table.rows] == ["8", "6", "4", "2", "0"]
    assert "front" in report.figures


def test_a_population_shows_from_whom_the_winner_inherited(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    for number in range(2):
        trial = create_trial(
            value=1.0 - number, params={"x": 0.2}, distributions=UNIT, intermediate_values={10: 0.1, 20: 1.0 - number}
        )
        study.add_trial(trial)
    change = {"x": Change.PERTURBED}
    exploit = Exploit(10, 1, {"x": 0.2}, {"x": 0.24}, change)
    inheriting = create_trial(
        value=2.0,
        params={"x": 0.2},
        distributions=UNIT,
        intermediate_values={10: 0.0, 20: 2.0},
        user_attrs={attributes.PBT_HISTORY: [exploit.as_json()]},
    )
    study.add_trial(inheriting)
    report = told(study, tmp_path)
    (table,) = of_kind(section(report, "lineage"), Table)
    assert table.rows == [("0", "1", "0.2"), ("10", "2", "0.24")]
    way = report.figures["lineage"].data[-1]
    assert list(zip(way.x, way.y, strict=True)) == [(0, 1), (10, 1), (10, 2), (20, 2)]


def failed(cause: str, message: str, traceback: str = "") -> FrozenTrial:
    told = {attributes.CAUSE: cause, attributes.MESSAGE: message}
    return create_trial(
        state=TrialState.FAIL, user_attrs=told | ({attributes.TRACEBACK: traceback} if traceback else {})
    )


def test_failures_are_counted_by_cause_and_message(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="my study")
    study.add_trial(failed("time limit", "it took 60 s"))
    study.add_trials(
        failed("exception", f"no such bar (log: a/trials/{number}/trial.log)", "Traceback: here")
        for number in range(14)
    )
    study.add_trial(create_trial(state=TrialState.PRUNED, user_attrs={attributes.INFEASIBLE: ["x < y"]}))
    report = told(study, tmp_path)
    failures, broken = of_kind(section(report, "failures"), Table)
    assert failures.rows[0] == ("14", "exception", "no such bar", "1-12 and 2 more")
    assert failures.rows[1] == ("1", "time limit", "it took 60 s", "0")
    assert broken.rows == [("1", "x < y")]
    assert of_kind(section(report, "failures"), Folded) == [
        Folded("Traceback of trial 1 (exception)", "Traceback: here")
    ]
    (step,) = [step for step in report.steps if "failures" in step.what]
    assert "15 of 15 finished trials failed, 14 of them with the cause: exception" in step.why
    assert step.command == f"fxai show 'my study' 1 --results-dir {tmp_path}"


def trading_study(
    spec: StudySpec, values: Mapping[str, float], direction: Literal["minimize", "maximize"] = "maximize"
) -> optuna.Study:
    """Twelve trials of a study as FxAI makes it, of which the best lie at these values."""
    study = optuna.create_study(study_name=spec.study_name, direction=direction)
    study.set_user_attr(attributes.FINGERPRINT, fingerprint(spec))
    study.set_user_attr(
        attributes.PLAN, {"n_trials": 20, "sampler": {"type": "TPESampler"}, "pruner": {"type": "NopPruner"}, "seed": 3}
    )
    space: dict[str, Any] = {name: FloatDistribution(0.0, 5.0) for name in values}
    for number in range(12):
        params = {name: value if number > 5 else 2.0 for name, value in values.items()}
        study.add_trial(create_trial(value=float(number), params=params, distributions=space))
    return study


def test_it_names_ranges_to_widen_and_more_trials(spec: StudySpec, tmp_path: Path) -> None:
    allowed, at_its_end = "env.reward.pnl_coefficient", "env.reward.drawdown_penalty_coefficient"
    changed = spec.model_copy(
        update={
            "parameters": tuple(
                each.model_copy(update={"name": name, "path": name})
                for each, name in zip(spec.parameters[::3], (allowed, at_its_end), strict=True)
            )
        }
    )
    report = told(trading_study(changed, {allowed: 4.95, at_its_end: 0.0}), tmp_path)
    said = [step.what for step in report.steps]
    assert f"Search {allowed} above 5." in said
    assert not [what for what in said if at_its_end in what]  # a coefficient below 0 is none
    assert said[0] == "Finish the study."
    assert "12 of 20 trials have finished" in report.steps[0].why
    facts = dict(of_kind(section(report, "searched"), Facts)[0].pairs)
    assert facts["Sampler"] == "TPESampler"
    assert facts["Agent"] == "ppo on mlp"
    assert facts["Trials"] == "12 of 20 finished"


def study_of(completed_trials: int) -> optuna.Study:
    study = optuna.create_study(study_name="s", direction="maximize")
    study.add_trials([drawn_trial(number) for number in range(completed_trials)])
    return study


def test_a_parameter_is_called_important_if_its_interval_excludes_chance(tmp_path: Path) -> None:
    report = told(study_of(44), tmp_path)
    (tile,) = [tile for tile in report.tiles if tile.title == "Most important"]
    assert tile.value == "learning_rate"


def test_no_parameter_is_called_important_before_the_test_of_chance(tmp_path: Path) -> None:
    report = told(study_of(30), tmp_path)
    assert "Most important" not in [tile.title for tile in report.tiles]
    assert section(report, "pair").title == "Two parameters"


def test_nothing_is_said_about_importance_with_too_few_trials(tmp_path: Path) -> None:
    report = told(study_of(19), tmp_path)
    (absent,) = of_kind(section(report, "importances"), Absent)
    assert absent.reason == "20 completed or pruned trials are required (19 so far)."
    assert of_kind(section(report, "pair"), Absent)
    assert "Most important" not in [tile.title for tile in report.tiles]


def test_values_far_worse_than_the_others_do_not_flatten_the_history(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    study.add_trials([completed(1 + number / 10, number / 10) for number in range(9)] + [completed(-1e6)])
    (chart,) = of_kind(section(told(study, tmp_path), "history"), Chart)
    low, high = chart.figure.layout.yaxis.range
    assert 0 < low < 1
    assert high > 1.8
    assert "1 value far worse" in chart.note


def test_charts_name_their_trials(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="s", direction="maximize")
    study.add_trials([completed(float(number % 997), (number % 997) / 997) for number in range(1200)])
    report = told(study, tmp_path)
    (charts,) = section(report, "parameters").blocks
    assert charts.note.startswith("Points: drawn from 400 of 1,200 trials: every 3rd in the order of their values.")
    assert len(report.figures["parameter-0"].data[0].x) == 400
    (pair,) = of_kind(section(report, "pair"), Absent)  # one parameter is no pair
    assert "two parameters" in pair.reason


def test_pruned_trials_are_marked_in_the_history(study: optuna.Study, tmp_path: Path) -> None:
    found = section(told(study, tmp_path), "history")
    (chart,) = of_kind(found, Chart)
    (crosses,) = [trace for trace in chart.figure.data if trace.marker.symbol == "x"]
    pruned = [trial for trial in study.trials if trial.state is TrialState.PRUNED]
    assert list(crosses.x) == [trial.number for trial in pruned]
    assert list(crosses.y) == [trial.intermediate_values[50] for trial in pruned]
    assert "A cross is a pruned trial" in found.reading


def test_metrics_are_beside_those_of_trial_0_with_their_errors(tmp_path: Path) -> None:
    study = optuna.create_study(direction="maximize")
    study.set_user_attr(attributes.FINGERPRINT, {"data": {"source": "eurusd_1h"}, "training_config": {}})
    own = {"win_rate": 0.5, "sharpe": 1.0, "sharpe_error": 0.25, attributes.ENQUEUED: "default"}
    study.add_trial(completed(1.0, 0.2, 0.1, **own))
    study.add_trial(completed(2.0, 0.5, 0.1, win_rate=0.625, sharpe=2.0, sharpe_error=0.5, win_rate_error=0.01))
    metrics = of_kind(section(told(study, tmp_path), "best"), Table)[1]
    assert metrics.headings == ("Metric", "Best", "Trial 0")
    rows = {name: cells for name, *cells in metrics.rows}
    assert rows == {"win_rate": ["62.5 ± 1.0 %", "50 %"], "sharpe": ["2.00 ± 0.50", "1.00 ± 0.25"]}


def test_a_metric_that_is_a_fraction_reads_as_percent(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="returns", direction="maximize")
    study.set_metric_names(["total_return"])
    study.set_user_attr(attributes.FINGERPRINT, {"data": {"source": "eurusd_1h"}, "training_config": {}})
    study.add_trial(completed(0.02, 0.2, 0.005, **{attributes.ENQUEUED: "default"}))
    study.add_trials([completed(0.01, 0.3, 0.005), completed(0.05, 0.5, 0.005)])
    report = told(study, tmp_path)
    assert report.headline.finding == "Trial 2 is the best of 3 trials: total_return 5.00 ± 0.50 %."
    assert report.headline.comparison.startswith("This is 3.00 ± 0.71 percentage points above trial 0")
    assert report.headline.comparison.endswith("with 2.00 ± 0.50 %.")
    assert report.tiles[0].value == "5.00 ± 0.50 %"
    (chart,) = of_kind(section(report, "history"), Chart)
    assert chart.figure.layout.yaxis.tickformat == ".2~%"


def test_a_metric_of_the_users_own_stays_as_it_is(tmp_path: Path) -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trial(completed(1.0, win_rate=54.0))
    metrics = of_kind(section(told(study, tmp_path), "best"), Table)[1]
    assert metrics.rows == [("win_rate", "54")]
