"""Studies by folder and task, from the results files of one small study."""

import json
from pathlib import Path

import pytest

from api.conftest import Searched
from fxai import HPOAnalyzer, create_hpo_dashboard
from fxai.api.study_folders import studies_in, task_of
from fxai.errors import InputError


@pytest.fixture
def experiments(searched: Searched, tmp_path: Path) -> Path:
    """The contest's layout, of copies of one study under other names and with other best values."""
    written = json.loads(searched.results.paths.results.read_text())
    for place, name, change in (
        ("task1_hpo_results", "task1_thorough_hpo_20231120_143022", 0.0),
        ("task1_hpo_results", "task1_production_hpo", -1.0),
        ("task2_hpo_results", "best", 0.0),
        ("task10_hpo_results", "best", 0.0),
    ):
        copied = json.loads(json.dumps(written).replace('"valley"', json.dumps(name)))
        for trial in copied["trials"]:
            trial["value"] = None if trial["value"] is None else trial["value"] + change
        path = tmp_path / "hpo_experiments" / place / name / f"{name}_results.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(copied))
    return tmp_path / "hpo_experiments"


def test_studies_are_found_below_folders_of_tasks(experiments: Path) -> None:
    found = studies_in(experiments)
    assert set(found) == {
        "task1_thorough_hpo_20231120_143022",
        "task1_production_hpo",
        "task2_hpo_results/best",
        "task10_hpo_results/best",
    }
    assert {task_of(each) for each in found.values()} == {"task1", "task2", "task10"}
    assert set(studies_in(experiments / "task2_hpo_results")) == {"best"}
    assert set(studies_in(experiments / "task1_hpo_results" / "task1_production_hpo")) == {"task1_production_hpo"}


def test_a_task_means_the_best_of_its_studies(experiments: Path, tmp_path: Path) -> None:
    for analyzer in (HPOAnalyzer(experiments), HPOAnalyzer(experiments / "task1_hpo_results")):
        assert analyzer.study("task1").name == "task1_production_hpo"  # and no study of task10
        assert analyzer.task1_results["study"] == "task1_production_hpo"
        assert analyzer.study("task1_thorough").name == "task1_thorough_hpo_20231120_143022"
    assert HPOAnalyzer(experiments).study("task2").name == "best"
    written = HPOAnalyzer(experiments).export_best_configurations(tmp_path / "production_configs")
    named = {path.name.removesuffix("_best_config.json"): json.loads(path.read_text()) for path in written}
    assert named["task1"] == named["task1_production_hpo"]
    assert {"task2", "task10", "task2_hpo_results_best", "task1_thorough_hpo_20231120_143022"} < set(named)
    with pytest.raises(InputError, match="several studies match; name one"):
        HPOAnalyzer(experiments).study()


def test_a_dashboard_leads_to_the_reports_of_all_folders(experiments: Path) -> None:
    index = create_hpo_dashboard(experiments)
    assert index == experiments / "index.html"
    reports = {path.relative_to(experiments).as_posix() for path in experiments.rglob("report.html")}
    assert reports == {
        f"{each.paths.results_dir.name}/{each.name}/report.html" for each in studies_in(experiments).values()
    }
    page = index.read_text()
    assert all(report in page for report in reports)
    assert "best/report.html" in (experiments / "task2_hpo_results" / "index.html").read_text()


def test_a_missing_folder_of_a_task_means_its_studies_beside_it(experiments: Path) -> None:
    folder = experiments / "task1_hpo_results" / "task1_hpo_results"
    assert set(studies_in(folder)) == {"task1_thorough_hpo_20231120_143022", "task1_production_hpo"}
    with pytest.raises(InputError, match="has no study"):
        studies_in(experiments / "task3_hpo_results")
