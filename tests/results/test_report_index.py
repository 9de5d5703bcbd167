"""The page over all studies."""

import re
from pathlib import Path

import optuna

from fxai.results.files import write_results
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.report.index import index_page, write_index, write_reports, write_row
from fxai.spec.search.study import StudySpec


def test_it_leads_to_every_report(study: optuna.Study, tmp_path: Path) -> None:
    other = optuna.create_study(study_name="two words & more")
    *reports, index = write_reports([study, other], tmp_path)
    page = index.read_text()
    assert index == tmp_path / "index.html"
    assert reports == [tmp_path / "fx_ai_quick" / "report.html", tmp_path / "two words & more" / "report.html"]
    assert all(report.is_file() for report in reports)
    assert 'href="fx_ai_quick/report.html"' in page
    assert 'href="two%20words%20%26%20more/report.html"' in page
    assert "20 completed, 3 pruned, 2 failed, 1 running" in page
    assert page.count("<polyline") == 1  # a study without a trial has no line
    assert "Plotly" not in page.partition("<body>")[0]


def test_it_has_the_studies_of_a_folder_whatever_database_they_are_in(study: optuna.Study, tmp_path: Path) -> None:
    list(write_reports([study], tmp_path))
    other = optuna.create_study(study_name="other")
    *_, index = write_reports([other], tmp_path)
    (tmp_path / "no study").mkdir()
    (tmp_path / "README.md").write_text("what lands here")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / ".index.json").write_text("{")
    archived = StudyPaths(tmp_path, "other~1")
    write_row(other, archived)
    page = write_index(tmp_path).read_text()
    assert index == tmp_path / "index.html"
    assert re.findall(r'href="([^"]+/report.html)"', page) == ["fx_ai_quick/report.html", "other/report.html"]
    assert "2 studies" in page
    assert "other~1" not in page


def test_a_study_of_an_earlier_release_is_read_from_its_results_file(
    study: optuna.Study, spec: StudySpec, tmp_path: Path
) -> None:
    paths = StudyPaths(tmp_path, "fx_ai_quick")
    write_results(study, spec, paths, Provenance.of(spec, None))
    page = write_index(tmp_path).read_text()
    assert 'href="fx_ai_quick/fx_ai_quick_results.json"' in page
    assert "20 completed, 3 pruned, 2 failed" in page


def test_the_dashboards_page_has_the_studies_of_its_database(study: optuna.Study, tmp_path: Path) -> None:
    list(write_reports([study, optuna.create_study(study_name="of another database")], tmp_path))
    page = index_page(tmp_path, ["fx_ai_quick", "begun/now"])
    assert 'href="fx_ai_quick/report.html"' in page
    assert 'href="fx_ai_quick/"' in page
    assert "no files yet" in page
    assert "of another database" not in page
    assert 'href="/dashboard"' in page
