import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fxai.results.comparison.best_so_far import Improvement
from fxai.results.comparison.charts import limits
from fxai.results.comparison.comparison import Comparison, Group
from fxai.results.comparison.page import comparison_html, write_comparison
from results.comparison.conftest import Kept


@pytest.fixture(scope="module")
def compared(kept: Kept) -> Comparison:
    return Comparison.of([kept.near, kept.wide, kept.loss])


@pytest.fixture(scope="module")
def page(compared: Comparison) -> str:
    return comparison_html(compared)


def figures_in(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    drawn: dict[str, Any] = json.loads(found[1])
    return drawn


def test_every_figure_has_its_place(page: str) -> None:
    drawn = figures_in(page)
    assert drawn.keys() == {"trials-0", "time-0", "trials-1", "time-1", "importances", "overlap"}
    assert sorted(re.findall(r'id="plot-([\w-]+)"', page)) == sorted(drawn)


def test_curves_end_at_the_last_trial(page: str) -> None:
    ends = {trace["name"]: trace["x"][-1] for trace in figures_in(page)["trials-0"]["data"]}
    assert ends == {"near": 12, "wide": 40}
    timed = {trace["name"]: trace["x"][-1] for trace in figures_in(page)["time-0"]["data"]}
    assert timed == {"near": pytest.approx(2.0), "wide": pytest.approx(400 / 60)}  # minutes


def test_a_smaller_range_lies_within_the_larger(page: str) -> None:
    traces = figures_in(page)["overlap"]["data"]
    lines = {
        trace["legendgroup"]: trace["x"] for trace in traces if trace["mode"] == "lines" and trace["opacity"] == 0.5
    }
    assert lines["wide"][:2] == [0, 1]
    assert lines["near"][:2] == [pytest.approx(0.5), 1]
    (best,) = [trace["x"] for trace in traces if trace.get("name") == "wide"]
    assert best[0] == pytest.approx(0.74, abs=0.05)  # of two decades, 0.003


def test_texts_of_others_are_no_markup(compared: Comparison) -> None:
    first, *others = compared.studies
    odd = replace(first, label="<script>alert(1)</script>")
    (group, *_) = compared.groups
    page = comparison_html(Comparison((odd, *others), (Group.of(group.goal, (odd, others[0])),)))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_makes_no_request(compared: Comparison, page: str, tmp_path: Path) -> None:
    path = write_comparison(compared, tmp_path / "further" / "compare.html")
    assert path.read_text() == page
    assert not re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)', page)


def test_one_terrible_beginning_flattens_no_curve(compared: Comparison) -> None:
    group = compared.groups[0]
    assert limits(group) is None
    study = group.studies[0]
    awful = (Improvement(1, -1e6, 0), Improvement(2, -1.0, 1), Improvement(9, -0.2, 8))
    flattened = replace(study, progress=replace(study.progress, over_trials=awful))
    low, high = limits(replace(group, studies=(flattened,))) or (0, 0)
    assert -1.2 < low < -1.0
    assert -0.2 < high < 0
