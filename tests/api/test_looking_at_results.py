"""Figures, reports, analyses and exports of a finished search."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from api.conftest import Searched
from fxai import (
    HPOAnalyzer,
    HPOResultsManager,
    HPOVisualizer,
    compare_multiple_studies,
    create_hpo_dashboard,
    create_sqlite_storage,
)
from fxai.errors import InputError
from skip_marks import CHROMIUM

visualizer = HPOVisualizer()


@pytest.fixture(scope="module")
def results_dir(searched: Searched) -> Path:
    return searched.folder / "results"


def test_every_figure_draws_the_study(searched: Searched, tmp_path: Path) -> None:
    results, analysis = searched.results, searched.optimizer.analyze_results(searched.results)
    history = visualizer.plot_optimization_history(results, tmp_path / "history.html")
    assert len(history.data[0].x) == results.summary.completed
    importance = visualizer.plot_parameter_importance(analysis)
    assert dict(zip(importance.data[0].y, importance.data[0].x, strict=True)) == analysis["parameter_importance"]
    parallel = visualizer.plot_parallel_coordinates(results, top_k=5)
    assert sum(trace.mode != "markers" for trace in parallel.data) <= 5
    against = visualizer.plot_metric_vs_parameter(results, "learning_rate")
    assert min(against.data[0].y) == results.best_value
    other = visualizer.plot_metric_vs_parameter(results, "batch_size", "accuracy")
    assert max(other.data[0].y) == results.best.metrics["accuracy"]
    assert (tmp_path / "history.html").stat().st_size > 1_000_000  # plotly is in it


def test_distributions_are_shares_of_good_and_other_trials(searched: Searched) -> None:
    figure = visualizer.plot_parameter_distributions(searched.results)
    for bars in figure.data:
        assert sum(bars.y) == pytest.approx(1)
    names = {bars.name for bars in figure.data}
    assert names == {"others", f"best {round(0.2 * searched.results.summary.completed)}"}


def test_an_unknown_parameter_is_named(searched: Searched) -> None:
    with pytest.raises(InputError, match="did you mean 'learning_rate'"):
        visualizer.plot_metric_vs_parameter(searched.results, "learn_rate")


def test_a_summary_report_is_written_to_the_given_path(searched: Searched, tmp_path: Path) -> None:
    analysis = searched.optimizer.analyze_results(searched.results)
    page = visualizer.create_summary_report(searched.results, analysis, output_dir=tmp_path / "run_001")
    assert page == tmp_path / "run_001" / "report.html"
    assert "valley" in page.read_text()
    assert json.loads((page.parent / "analysis.json").read_text())["best_trial"]["score"] == searched.results.best_value


def test_an_analyzer_draws_reports_and_exports(results_dir: Path, searched: Searched, tmp_path: Path) -> None:
    analyzer = HPOAnalyzer(results_dir)
    analyzer.create_optimization_plots("val", save_path=tmp_path / "analysis.png")
    written = "analysis.png" if find_spec("kaleido") and CHROMIUM else "analysis.html"
    assert (tmp_path / written).exists()
    report = analyzer.generate_comparison_report()
    assert f"by trial {searched.results.best.number}" in report
    (exported,) = analyzer.export_best_configurations(tmp_path / "production_configs")
    assert exported.name == "valley_best_config.json"
    best_config = json.loads(exported.read_text())
    assert best_config["best_params"] == searched.results.best_params
    assert best_config["config"]["params"] == searched.results.best_params
    assert analyzer.valley_results["best_params"] == searched.results.best_params


def test_an_analyzer_of_one_study_needs_no_name(results_dir: Path) -> None:
    assert HPOAnalyzer(results_dir / "valley").study().name == "valley"
    with pytest.raises(InputError, match="no study 'task1'"):
        HPOAnalyzer(results_dir).study("task1")
    with pytest.raises(AttributeError):
        _ = HPOAnalyzer(results_dir).nothing
    with pytest.raises(InputError, match="has no study"):
        HPOAnalyzer(results_dir / "valley" / "trials")


def test_results_are_kept_in_another_folder(searched: Searched, tmp_path: Path) -> None:
    manager = HPOResultsManager(tmp_path)
    manager.save(searched.results)
    assert manager.names() == ("valley",)
    assert manager.load("valley").record == searched.results.record
    assert manager.best_params("valley") == searched.results.best_params
    index = create_hpo_dashboard(tmp_path)
    assert (tmp_path / "valley" / "report.html").exists()
    assert "valley/report.html" in index.read_text()


def test_studies_are_compared_by_database_and_name(searched: Searched, tmp_path: Path) -> None:
    database = searched.folder / "studies.db"
    assert create_sqlite_storage(database) == f"sqlite:///{database}"
    other = tmp_path / "other.db"
    other.write_bytes(database.read_bytes())
    named = [(database, "valley"), (other, "valley")]
    comparison = compare_multiple_studies(named, metric_name="Accuracy", output=tmp_path / "compared.html")
    assert [group.goal.metric for group in comparison.groups] == ["accuracy"]
    assert len(comparison.studies) == 2
    assert (tmp_path / "compared.html").exists()
    with pytest.raises(InputError, match=r"ends in \.html"):
        compare_multiple_studies(named, output=tmp_path / "compared.png")
    with pytest.raises(InputError, match="at least two studies"):
        compare_multiple_studies(named[:1])
