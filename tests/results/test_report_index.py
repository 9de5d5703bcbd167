"""The page over all studies."""

from pathlib import Path

import optuna

from fxai.results.report.index import write_reports


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
